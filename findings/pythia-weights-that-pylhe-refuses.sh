#!/usr/bin/env bash
# pythia8mc 8.317.0 writes three events as Les Houches events of version 3, with its own writer (LHEF3FromPythia8); pylhe 2.1.0 reads them.
#
# A good guess says: the events have several weights by name, and pylhe's default (with_attributes=True) gives both of each event.
# What happens: Pythia writes the element of the weights empty, `<weights></weights>`, whatever weights the event has (the nominal weight
# stands in the event's first line), and pylhe takes the empty text for a number: a ValueError at the first event. With
# with_attributes=False it reads all of them, without weights by name.
#
# Needs: Python 3.9 or later with venv, and PyPI. Run: bash findings/pythia-weights-that-pylhe-refuses.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet pythia8mc==8.317.0 pylhe==2.1.0
cat >look.py <<'EOF'
import pylhe
import pythia8mc

pythia = pythia8mc.Pythia("", False)
for setting in (
    "Print:quiet = on",
    "Beams:eCM = 13000.",
    "WeakBosonAndParton:qqbar2gmZg = on",
    "PhaseSpace:pTHatMin = 30.",
    "PhaseSpace:bias2Selection = on",
    "UncertaintyBands:doVariations = on",
    "PartonLevel:MPI = off",
    "HadronLevel:all = off",
    "Random:setSeed = on",
    "Random:seed = 12",
):
    assert pythia.readString(setting), setting
assert pythia.init()
info = pythia.infoPython()
writer = pythia8mc.LHEF3FromPythia8(pythia.event, info, 15, True)
writer.openLHEF("events.lhe")
writer.setInit()
written = 0
while written < 3:
    if pythia.next():
        writer.setEvent()
        written += 1
print("more than one weight an event:", len(info.weightNameVector()) > 1)
writer.closeLHEF(True)
text = open("events.lhe").read()
print("empty elements of weights:", text.count("<weights></weights>"))
for attributes in (True, False):
    try:
        found = len(list(pylhe.LHEFile.fromfile("events.lhe", with_attributes=attributes).events))
    except ValueError as error:
        found = type(error).__name__
    print(f"with_attributes={attributes}: {found}")
EOF
venv/bin/python look.py | tee found.txt
diff found.txt - <<'EOF'
more than one weight an event: True
empty elements of weights: 3
with_attributes=True: ValueError
with_attributes=False: 3
EOF
echo "as found with pythia8mc 8.317.0 and pylhe 2.1.0"
