"""How is Studio used from a terminal?"""
