"""The embedded server with real processes: shared, recovered, stopped, and clear where it cannot work."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from oms.devserver import server

pytestmark = pytest.mark.smoke
ROOT = Path(__file__).resolve().parents[2]
ORDERHOLD = (
    "import sys; from pathlib import Path; from oms.devserver import server;"
    "print(server.ensure_running(Path(sys.argv[1]), 'oms').socket_folder, flush=True); sys.stdin.read()"
)


@pytest.fixture
def folder():
    """A data folder whose name has a space, letters beyond ASCII, and length."""
    path = Path(tempfile.mkdtemp(prefix="oms data ü ")) / ("long" * 30)
    path.mkdir()
    (path / "throwaway").touch()
    path.parent.chmod(0o755)
    return path


def hold(folder):
    return subprocess.Popen(
        [sys.executable, "-c", ORDERHOLD, str(folder)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )


def query(socket_folder, statement):
    import psycopg

    with psycopg.connect(
        host=socket_folder, user="oms", dbname="oms", autocommit=True
    ) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def wait_until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_processes_share_one_server_that_outlives_a_killed_one_and_stops_with_the_last(folder):
    first, second = hold(folder), hold(folder)
    sockets = {first.stdout.readline().strip(), second.stdout.readline().strip()}
    assert len(sockets) == 1
    socket_folder = sockets.pop()
    query(socket_folder, "CREATE TABLE kept (id int)")

    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(4)  # longer than the guard's grace
    assert query(socket_folder, "SELECT count(*) FROM kept") == 0

    second.send_signal(signal.SIGKILL)
    second.wait()
    wait_until(lambda: not folder.exists())


def test_a_killed_server_is_started_again_with_its_data(folder):
    (folder / "throwaway").unlink()  # with its durability, as production has it
    holder = hold(folder)
    socket_folder = holder.stdout.readline().strip()
    query(socket_folder, "CREATE TABLE kept (id int)")
    pid = int(next(folder.glob("postgres/postmaster.pid")).read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not server.is_ready(folder / "postgres"))

    other = hold(folder)
    other.stdout.readline()

    assert query(socket_folder, "SELECT count(*) FROM kept") == 0
    for process in (holder, other):
        process.kill()
        process.wait()
    wait_until(lambda: not Path(socket_folder).exists())
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused_with_the_way_out(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(server.EmbeddedServerError, match="DATABASE_URL"):
        server.ensure_running(tmp_path / "data", "oms")


def test_a_file_in_place_of_the_folder_is_refused_with_the_way_out(tmp_path):
    (tmp_path / "data").write_text("not a folder")

    with pytest.raises(server.EmbeddedServerError, match="DATABASE_URL"):
        server.ensure_running(tmp_path / "data", "oms")


def run_manage(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        text=True,
        capture_output=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "oms.settings", **environment},
        check=False,
    )


def test_check_and_help_do_not_start_a_server(tmp_path):
    assert run_manage("check", OMS_DATA_FOLDER=str(tmp_path), DATABASE_URL="").returncode == 0
    assert run_manage("help", OMS_DATA_FOLDER=str(tmp_path), DATABASE_URL="").returncode == 0

    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize(
    "name, value",
    [
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "nonsense"),
        ("DEBUG", "perhaps"),
        ("CONN_MAX_AGE", "soon"),
    ],
)
def test_a_malformed_setting_is_one_clear_line(tmp_path, name, value):
    done = run_manage("check", **{"OMS_DATA_FOLDER": str(tmp_path), name: value})

    assert done.returncode == 1
    assert name in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
