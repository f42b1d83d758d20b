"""The program as a process: errors, interrupts, forks, folders that are left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import amplicast
from amplicast import _room
from amplicast._errors import failures, said
from amplicast._progress import Progress


def test_an_error_has_the_text_of_the_command_line(sample, estimated, command, tmp_path):
    np.save(tmp_path / "train.npy", sample.train)
    np.save(tmp_path / "member_1.npy", sample.members[0])
    line = command("estimate", "--train", "train.npy", "--members", "member_1.npy", "--summary", "coordinate:7", "--region", "0:1")
    assert line.code == 2
    with pytest.raises(amplicast.Error) as found:
        amplicast.estimate(str(tmp_path / "train.npy"), [str(tmp_path / "member_1.npy")], summary="coordinate:7", region=(0, 1), quiet=True)
    assert f"error: {found.value}\n" == line.err
    assert found.value.code == 2


def test_an_error_of_an_array_names_it(sample, estimated):
    members = [np.array(m) for m in sample.members]
    members[3][41, 1] = np.nan
    with pytest.raises(amplicast.Error, match=r"member_4.npy: row 41, number 1: expected a finite number, found NaN$"):
        estimated(members=members)
    with pytest.raises(amplicast.Error, match="unexpected argument '--sumary' found"):
        estimated(sumary="radius")


def test_an_error_travels_between_processes():
    import pickle

    error = pickle.loads(pickle.dumps(amplicast.Error("text", 2)))
    assert (str(error), error.code) == ("text", 2)


def test_what_is_said_of_a_failure():
    assert said("warning: a\nerror: b\n  c\n", 2) == "b\n  c"
    text = "failed: 2 cells: no\n  a\n  b\nwarning: c\nfailed: d: e"
    assert failures(text) == said(text, 1) == "failed: 2 cells: no\n  a\n  b\nfailed: d: e"
    assert said("", -9) == "the program was ended by SIGKILL"
    assert said("", 3) == "the program ended with exit code 3"


def test_a_missing_program_is_said(monkeypatch, estimated):
    monkeypatch.setenv("AMPLICAST_PROGRAM", "/nowhere/amplicast")
    with pytest.raises(amplicast.Error, match="expected the program amplicast, found no file /nowhere/amplicast"):
        estimated()


def test_progress_is_shown_on_the_errors_of_python(estimated, capsys):
    estimated(quiet=False)
    assert "8 member(s) sampled" in capsys.readouterr().err
    estimated()
    assert capsys.readouterr().err == ""


def test_progress_moves_bars(capsys, monkeypatch):
    with Progress(False) as shown:
        shown.line("fit ring/halves: 40 %, loss 1.2345, 12 s left")
        bars = dict(shown._bars)
        shown.line("fit ring/halves: 8 chains in 20 s")
    printed = capsys.readouterr().err
    assert "fit ring/halves: 8 chains in 20 s" in printed and "40" in printed
    if "tqdm" in sys.modules:
        assert bars and not shown._bars
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with Progress(False) as shown:
        shown.line("fit ring/halves: 40 %, loss 1.2345, 12 s left")
    assert capsys.readouterr().err == "fit ring/halves: 40 %, loss 1.2345, 12 s left\n"


def test_some_cells_may_fail(experiment, tmp_path):
    far = {"plugin": "integral", "name": "far", "intervals": [[50.0, 60.0]]}
    with pytest.warns(UserWarning, match="^failed: .*far.*expected generated events inside"):
        found = amplicast.run(experiment, tmp_path / "run", quiet=True, metric=[{"plugin": "mean"}, far])
    good, failed = found.cells
    assert good.verdict != "failed" and good.g is not None
    assert failed.verdict == failed.text == "failed" and failed.failures and failed.reason and failed.g is None
    assert found.table() is not None and "failed" in found._repr_html_()
    with pytest.raises(amplicast.Error, match="^failed: ") as error:
        amplicast.run(experiment, quiet=True, metric=[far])
    assert error.value.code == 1


# Whoever started the tests in the background has interrupts ignored, in all that they start.
SLOW = """
import signal, sys, amplicast
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
try:
    amplicast.run(sys.argv[1], sys.argv[2], quiet=True, experiment={"n_gen": 2_000_000_000})
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_an_interrupt_ends_the_program_and_is_raised_again(experiment, tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SLOW, experiment, tmp_path / "run"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    while not (tmp_path / "run/stages").exists():
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.3)
    running = children(process.pid)
    assert running
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0] == "interrupted\n"
    deadline = time.monotonic() + 5
    while any(os.path.exists(f"/proc/{child}") for child in running):
        assert time.monotonic() < deadline, "the program goes on"
        time.sleep(0.05)


def children(process):
    """The processes below one."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == process:
                found += [int(entry), *children(int(entry))]
    return found


FORKED = """
import multiprocessing, os, sys, numpy, amplicast

def work(seed):
    random = numpy.random.default_rng(seed)
    found = amplicast.estimate(random.normal(size=200), [random.normal(size=2000) for _ in range(6)], region=(0, 1),
                               members_data="posterior", quiet=True)
    return found.cells[0].text

if __name__ == "__main__":
    kept = amplicast.estimate(numpy.arange(200.0), [numpy.arange(2000.0) + i / 7 for i in range(6)], region=(0, 99), members_data="posterior", quiet=True)
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        forked = pool.map(work, [1, 2])
    assert forked == [work(1), work(2)], forked
    child = os.fork()
    if child == 0:
        sys.exit()
    os.waitpid(child, 0)
    assert os.path.isfile(kept.report), "a forked process has removed a run of its parent"
    print("done")
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_several_processes(method, tmp_path):
    file = tmp_path / "forked.py"
    file.write_text(FORKED)
    done = subprocess.run([sys.executable, file, method], capture_output=True, text=True, timeout=300)
    assert done.stdout == "done\n", done.stderr


def test_importing_loads_little():
    names = "import sys, amplicast; print([m for m in ('numpy', 'pandas', 'matplotlib', 'tqdm', 'subprocess') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_importing_is_quick():
    times = []
    for _ in range(5):
        timed = "import time; t = time.perf_counter(); import amplicast; print(time.perf_counter() - t)"
        times.append(float(subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout))
    assert min(times) < 0.05, times


def test_the_command_is_the_program():
    done = subprocess.run([sys.executable, "-m", "amplicast", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, amplicast.command("--version"))
    wrong = subprocess.run([sys.executable, "-m", "amplicast", "run", "/nowhere.toml"], capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stderr.startswith("error: ")


def test_every_component_without_libtorch_is_there():
    listed = amplicast.command("plugins", "list", "--load")
    assert "not loaded" not in listed
    for name in "events-file gaussian-ring autoregressive flow-lgatr samples halves sgld classifier-lr radius true-lr integral ks mean".split():
        assert f" {name} " in listed, name


def test_arrays_leave_nothing_behind(sample, estimated):
    estimated()
    with pytest.raises(amplicast.Error):
        estimated(summary="no-such-summary")
    for folder in (_room.MEMORY, "/tmp"):
        left = [name for name in os.listdir(folder) if name.startswith(_room.PREFIX) and not name.startswith("amplicast-run-")]
        mine = [name for name in left if open(os.path.join(folder, name, _room.LOCK)).read() == str(os.getpid())]
        assert mine == []


def test_a_killed_process_s_folder_is_removed_by_the_next():
    killed = textwrap.dedent(
        """
        import os, signal
        from amplicast._room import Room
        room = Room(1)
        print(room.path, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    path = subprocess.run([sys.executable, "-c", killed], capture_output=True, text=True).stdout.strip()
    assert os.path.isdir(path)
    with _room.Room(1) as room:
        assert not os.path.exists(path)
        with _room.Room(1):
            assert os.path.isdir(room.path), "a folder in use is kept"
    assert not os.path.exists(room.path)


def test_without_room_in_memory_the_disk_is_taken(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with _room.Room(1 << 60) as room:
        assert os.path.dirname(room.path) == str(tmp_path)
