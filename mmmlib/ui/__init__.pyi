from .dashboard import show as show
from .lab.folder import lab_folder as lab_folder, open_lab as open_lab
from .server.app import serve as serve
