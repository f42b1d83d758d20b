#!/usr/bin/env bash
# A column of event numbers 0 .. n-1 is made the index of a pandas frame, and the frame is written as Parquet.
#
# A good guess: the file has a column `event`, as it has one for any other named index (pandas writes the index by default), so that whoever
# reads the file without pandas finds the event numbers.
# What happens: pandas sees that the numbers are a range and stores start, stop and step in its own metadata only. The file has no column
# `event`; Polars and pyarrow's own table do not show it. The same frame with its rows shuffled does have the column. So the columns of a
# file depend on the values of its index, and a frame filtered to neighboring rows loses its row numbers where one filtered to others keeps
# them as `__index_level_0__`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0
cd "$folder"
found=$("$folder/venv/bin/python" - <<'PYTHON'
import pandas, polars, pyarrow, pyarrow.parquet

print("pandas", pandas.__version__, "pyarrow", pyarrow.__version__, "polars", polars.__version__)
frame = pandas.DataFrame({"event": range(6), "pt": [31.0, 28.5, 40.2, 25.1, 60.0, 33.3]}).set_index("event")
shuffled = frame.iloc[[3, 0, 5, 1, 4, 2]]
plain = frame.reset_index(drop=True)
cases = {
    "named index 0..5": frame,
    "the same, shuffled": shuffled,
    "rows 2..4 of a frame": plain[plain.index.isin([2, 3, 4])],
    "rows 2, 3 and 5": plain[plain.index.isin([2, 3, 5])],
}
for name, case in cases.items():
    case.to_parquet("events.parquet")
    print(name, "| file:", pyarrow.parquet.read_schema("events.parquet").names, "| polars:", polars.read_parquet("events.parquet").columns)
PYTHON
)
expected="pandas 3.1.1 pyarrow 26.0.1 polars 2.1.0
named index 0..5 | file: ['pt'] | polars: ['pt']
the same, shuffled | file: ['pt', 'event'] | polars: ['pt', 'event']
rows 2..4 of a frame | file: ['pt'] | polars: ['pt']
rows 2, 3 and 5 | file: ['pt', '__index_level_0__'] | polars: ['pt', '__index_level_0__']"
echo "$found"
[ "$found" = "$expected" ] || { echo "the behavior has changed; it was"; echo "$expected"; exit 1; }
