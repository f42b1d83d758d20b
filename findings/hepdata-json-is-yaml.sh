#!/usr/bin/env bash
# A table of HEPData whose file is JSON, as Python's json.dumps writes it (JSON is YAML since YAML 1.2), with a value of 1e-7.
#
# A good guess: the validator, which is made for these files, reads the number, or refuses the file.
# What happens: its reader, PyYAML, follows YAML 1.1, where an exponent needs a point before it and a sign: `1e-07` is text, `2.5e-07` a
# number. The schema allows text as a value and as an error, and the validator says that the table is valid, with numbers in some bins and
# text in others. (As an edge of a bin, text is refused, with a message about oneOf.) Who writes 1.0e-07 is read by both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hepdata-validator==0.3.6 PyYAML==6.0.4
cd "$folder"
mkdir submission
found=$("$folder/venv/bin/python" - <<'PYTHON'
import importlib.metadata, json, subprocess, sys
from pathlib import Path

import yaml

print(*(f"{name} {importlib.metadata.version(name)}" for name in ("hepdata-validator", "PyYAML")))
bins = [{"low": low, "high": low + 1.0} for low in (0.5, 1.5)]
values = [{"value": value, "errors": [{"symerror": 3e-08}]} for value in (1e-7, 2.5e-7)]
table = {
    "independent_variables": [{"header": {"name": "x"}, "values": bins}],
    "dependent_variables": [{"header": {"name": "y"}, "values": values}],
}
entry = {"name": "y of x", "description": "Two values.", "keywords": [], "data_file": "table.yaml"}
folder = Path("submission")
(folder / "table.yaml").write_text(json.dumps(table))
(folder / "submission.yaml").write_text("\n---\n".join(json.dumps(one) for one in ({"comment": "One table."}, entry)))


def validate():
    program = Path(sys.executable).with_name("hepdata-validate")
    done = subprocess.run([program, "-d", folder], capture_output=True, text=True)
    return "valid" if done.returncode == 0 else "refused"


rows = yaml.safe_load((folder / "table.yaml").read_text())["dependent_variables"][0]["values"]
print("values of JSON:", [row["value"] for row in rows], validate())
bins[0]["low"] = 1e-7
(folder / "table.yaml").write_text(json.dumps(table))
print("an edge of JSON:", validate())
text = json.dumps(table).replace("1e-07", "1.0e-07").replace("3e-08", "3.0e-08")
assert json.loads(text) == table
(folder / "table.yaml").write_text(text)
rows = yaml.safe_load(text)["dependent_variables"][0]["values"]
print("with a point:", [row["value"] for row in rows], validate())
PYTHON
)
expected="hepdata-validator 0.3.6 PyYAML 6.0.4
values of JSON: ['1e-07', 2.5e-07] valid
an edge of JSON: refused
with a point: [1e-07, 2.5e-07] valid"
echo "$found"
[ "$found" = "$expected" ] || { echo "the behavior has changed; it was"; echo "$expected"; exit 1; }
