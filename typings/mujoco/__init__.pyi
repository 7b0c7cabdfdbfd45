# MuJoCo is a compiled extension without type information; to the type checker every name of it is Any.
from typing import Any

def __getattr__(name: str) -> Any: ...
