#!/usr/bin/env bash
# Weighted histograms whose variances are not Poisson ones (a generated sample, with the error of the model in it), drawn by mplhep.histplot with error bars.
#
# A good guess: a histogram that carries its variances gets bars of their square roots, whatever the values are.
# What happens: where all variances are whole numbers, bars are asymmetric Poisson intervals with the count value^2 / variance, 25 % longer upward for 4.3
# errors above zero; where one of them is not, all are square roots. "Whole" is decided with a tolerance of 1e-5 of the
# variance, so that any variance above 50000 is whole: the same histogram in other units, or with ten times the events, has other
# bars. `w2method="sqrt"` gives the square roots always.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check mplhep==1.3.3 hist==2.12.1 matplotlib==3.11.2 scipy==1.17.1 numpy==2.4.6
cd "$folder"
found=$("$folder/venv/bin/python" - <<'PYTHON'
import hist, matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mplhep

print("mplhep", mplhep.__version__, "hist", hist.__version__)


def bar(value, variance, **options):
    """Below and above a bin's value, in units of the square root of its variance."""
    histogram = hist.Hist(hist.axis.Regular(2, 0, 2, flow=False), storage=hist.storage.Weight())
    histogram.values()[:], histogram.variances()[:] = value, variance
    drawn = mplhep.histplot(histogram, ax=plt.subplots()[1], histtype="errorbar", **options)
    low, high = drawn[0].errorbar.lines[2][0].get_segments()[0][:, 1]
    return f"{(value - low) / variance**0.5:.3f} {(high - value) / variance**0.5:.3f}"


print("534:", bar(100, 534))
print("534.3:", bar(100, 534.3))
print("53400.3:", bar(1000, 53400.3))
print("534, sqrt:", bar(100, 534, w2method="sqrt"))
PYTHON
)
expected='mplhep 1.3.3 hist 2.12.1
534: 0.991 1.249
534.3: 1.000 1.000
53400.3: 0.991 1.249
534, sqrt: 1.000 1.000'
echo "$found"
[ "$found" = "$expected" ] || { echo "the behavior has changed; it was"; echo "$expected"; exit 1; }
