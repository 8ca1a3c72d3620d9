from . import probes as probes
from .examination import examine as examine
from .symptom import Health as Health, Symptom as Symptom
