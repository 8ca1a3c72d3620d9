from .dashboard import show as show
from .server import serve as serve
