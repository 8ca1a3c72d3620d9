"""The schema of hashicorp/google, rebuilt from the bindings that the package registry has.

Terraform's provider registry is not reachable everywhere; the bindings of CDK Terrain are generated
from the provider's schema and keep all of it: name, type, computed/optional/required, nesting.

Run by the Python of ``requirements/infra.txt``::

    python provider_schema.py OUTPUT.json google_storage_bucket data.google_project …
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# struct or resource → its attributes as HCL
_STRUCT = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.S | re.M)
_CLASS = re.compile(r"^class (\w+) extends (cdktn\.\w+) \{\n(.*?)^\}", re.S | re.M)
_ENTRY = re.compile(
    r"^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n"
    r'\s+type: "(\w+)",\n\s+storageClassType: "(\w+)",',
    re.M,
)
_USE = re.compile(r"// (\w+) - computed: (true|false), optional: (true|false), required: (true|f)")
_COMPUTED = re.compile(
    r"// (\w+) - computed: true, optional: false, required: false\n"
    r"(?:\s+_\w+ = new (\w+(?:\.\w+)?)\(|\s+get \w+\(\) \{\n\s+return (.*);)"
)
_PLAIN = {"string": "string", "boolean": "bool", "number": "number", "any": "dynamic"}
_GETTERS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getAnyMapAttribute": ["map", "dynamic"],
}


def schema_of(text: str) -> tuple[str, dict[str, Any]]:
    """Return Terraform's name and the block of the one resource in a module of the bindings."""
    text = text.partition("//# sourceMappingURL")[0]
    classes = {name: (base, body) for name, base, body in _CLASS.findall(text)}
    structs = {name[0].upper() + name[1:]: body for name, body in _STRUCT.findall(text)}
    (resource,) = (
        name
        for name, (base, _) in classes.items()
        if base
        in ("cdktn.TerraformResource", "cdktn.TerraformDataSource", "cdktn.TerraformProvider")
    )
    body = classes[resource][1]
    kind = re.search(r'static tfResourceType = "(\w+)"', body)
    if kind is None:
        raise ValueError(f"{resource} does not say its name")
    return kind[1], _block(body, body, structs, classes)


def _block(
    entries: str, uses: str, structs: dict[str, str], classes: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    """Attributes and blocks: those one can set are in ``entries``, their use in ``uses``."""
    flags = {name: flag for name, *flag in _USE.findall(uses)}
    block: dict[str, Any] = {"attributes": {}, "blocks": {}}
    for name, value, is_block, kind, storage in _ENTRY.findall(entries):
        # the provider's own blocks do not say; all of them are optional
        computed, optional, required = (flag[0] == "t" for flag in flags.get(name, ["f", "t", "f"]))
        if is_block == "true":
            struct = re.sub(r"List$|Set$", "", storage)
            many = "listMapperHcl" in value
            output = classes.get(f"{struct}OutputReference", ("", ""))[1]
            block["blocks"][name] = {
                "nesting": "single" if kind == "struct" else "set" if kind == "set" else "list",
                "min": int(required),
                "max": 0 if many or kind == "struct" else 1,
                "block": _block(structs[struct], output, structs, classes),
            }
        else:
            block["attributes"][name] = {
                "type": _type(kind, storage, structs),
                "computed": computed,
                "optional": optional,
                "required": required,
            }
    for name, made, got in _COMPUTED.findall(uses):
        block["attributes"].setdefault(
            name, {"type": _computed_type(made, got, classes), "computed": True}
        )
    return block


def _type(kind: str, storage: str, structs: dict[str, str]) -> Any:
    """Terraform's type of an attribute one can set."""
    if kind == "simple" and storage in _PLAIN:
        return _PLAIN[storage]
    if kind in ("list", "set", "map"):
        element = re.sub(r"(List|Map)$", "", storage)
        if element in _PLAIN:
            return [kind, _PLAIN[element]]
        fields = {
            name: _type(inner, stored, structs)
            for name, _, _, inner, stored in _ENTRY.findall(structs[element])
        }
        return [kind, ["object", fields]]
    raise ValueError(f"unknown type {kind} of {storage}")


def _computed_type(made: str, got: str, classes: dict[str, tuple[str, str]]) -> Any:
    """Terraform's type of what only the provider knows."""
    if made.startswith("cdktn."):
        return ["map", _PLAIN[made.removeprefix("cdktn.").removesuffix("Map").lower()]]
    if made:
        base, _ = classes[made]
        struct = re.sub(r"(List|Map)$", "", made)
        fields = {
            name: _computed_type(inner, given, classes)
            for name, inner, given in _COMPUTED.findall(classes[f"{struct}OutputReference"][1])
        }
        collection = "map" if base == "cdktn.ComplexMap" else "list"
        return [collection, ["object", fields]]
    getter = re.search(r"\b(get\w+)\('", got)
    if getter is None:
        raise ValueError(f"unknown getter {got}")
    kind: Any = _GETTERS[getter[1]]
    return ["set", kind[1]] if "tolist" in got else kind


def rebuild(names: list[str]) -> dict[str, Any]:
    """Read the modules of these resources (``data.`` before a data source) and of the provider."""
    wanted = {_folder(name): name for name in names}
    found: dict[str, Any] = {"resources": {}, "data": {}, "provider": {}, "version": ""}
    package = find_spec("cdktn_provider_google")  # importing it would start a Node.js
    assert package is not None
    assert package.origin is not None
    (archive,) = (Path(package.origin).parent / "_jsii").glob("*.tgz")
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = member.name.split("/")
            if parts[-1] != "index.js" or len(parts) != 4:
                continue
            if parts[2] != "provider" and parts[2] not in wanted:
                continue
            file = tar.extractfile(member)
            assert file is not None
            text = file.read().decode()
            kind, block = schema_of(text)
            if parts[2] == "provider":
                found["provider"] = block
                continue
            version = re.search(r"providerVersion: '([\d.]+)'", text)
            found["version"] = version[1] if version else ""
            found["data" if parts[2].startswith("data-") else "resources"][kind] = block
    return found


def _folder(name: str) -> str:
    """google_cloud_run_v2_service → cloud-run-v2-service."""
    data = name.startswith("data.")
    words = name.removeprefix("data.").split("_")
    return "-".join(["data", *words] if data else words[1:])


if __name__ == "__main__":
    with open(sys.argv[1], "w") as output:
        json.dump(rebuild(sys.argv[2:]), output)
