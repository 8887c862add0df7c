"""Does a file get its new contents as a whole, or keep those it had?"""

import stat

import pytest

from studio.kernel.whole_files import cannot_write, write_whole


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_file_keeps_who_may_read_it_and_a_private_one_is_its_owners_alone(tmp_path):
    shared, private, link = tmp_path / "shared", tmp_path / "private", tmp_path / "link"
    shared.write_text("before")
    shared.chmod(0o640)
    link.symlink_to(shared)
    write_whole(link, b"after\r\n")
    assert (shared.read_bytes(), mode(shared), link.is_symlink()) == (b"after\r\n", 0o640, True)
    write_whole(private, b"hush", is_private=True)
    assert mode(private) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "private", "shared"]


def test_what_cannot_be_written_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("before")

    def full(_number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_whole(path, b"after")
    assert "No space left" in cannot_write(path, caught.value).message
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["f"]
