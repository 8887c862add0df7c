"""How is the window put together?"""
