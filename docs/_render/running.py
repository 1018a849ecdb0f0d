"""Run pages side by side, each in a fresh fork of one process that has imported TensorFlow, and say so."""

import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time

from _render import execute, pages

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "-1"}
HEAVY = ["tensorflow", "keras", "scipy.stats", "matplotlib.pyplot"]  # imported once, for all pages
PARTITIONS = "dask.dataframe"  # too, if a page has rows in partitions
BUDGET = 4.0  # seconds of one core that a page may take
PAUSE = 10.0  # seconds between two showings of what has arrived

log = logging.getLogger("mkdocs.pages")
context = multiprocessing.get_context("forkserver")


class Runner:
    """Runs the pages it is asked for, and hands the outputs of each to `keep(file, outputs)`."""

    def __init__(self, keep):
        self.keep = keep
        self.failures = {}  # file -> message
        self.slow = {}  # uri -> seconds of one core, until they are told
        self._queue, self._now, self._processes = [], {}, set()
        self._done, self._unseen, self._seen_at = 0, False, 0.0
        self._changed = threading.Condition()
        self._starting, self._imported = threading.Lock(), False
        self._folder, self._stopping = None, False

    def want(self, stale):
        """Ask for these pages, file -> page, and for no others; return the files not asked for before."""
        with self._changed:
            before = {*self._now, *self.failures, *(file for file, _ in self._queue)}
            self._unseen, self._seen_at = False, time.monotonic()
            self.failures = {file: text for file, text in self.failures.items() if file in stale}
            self._queue = [item for item in stale.items() if item[0] not in {*self._now, *self.failures}]
            if not self._now:
                self._done = 0
            idle = min((os.cpu_count() or 1) - len(self._now), len(self._queue))
            if idle > 0 and not self._imported:
                log.info(f"pages: {len(self._queue)} to run. First TensorFlow is imported")
                sources = "".join(cell.source for _, page in self._queue for cell in page.code_cells)
                context.set_forkserver_preload(HEAVY + [PARTITIONS] * ("import dask" in sources))
            if idle > 0 and not self._folder:
                self._folder = tempfile.TemporaryDirectory(prefix="mlefit-pages-", ignore_cleanup_errors=True)
            for _ in range(idle):
                self._begin_next()
            return [file for file in stale if file not in before]

    def wait(self):
        """Return once all is run.

        Raises:
            PageError: for all pages that failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._now)
            self._unseen = False
        if self.failures:
            raise pages.PageError("\n".join(self.failures.values()))

    @property
    def unseen(self):
        """Whether outputs have arrived that no build has asked for yet, and it is time to show them."""
        with self._changed:
            return self._unseen and (not self._now or time.monotonic() - self._seen_at > PAUSE)

    def tell_slow(self):
        """Name the pages just run that take more than their budget: a hint, not an error."""
        for uri, seconds in sorted(self.slow.items(), key=lambda item: -item[1]):
            log.info(f"pages: {uri} takes {seconds:.1f} s of one core; up to {BUDGET:.0f} s is good")
        self.slow.clear()

    def stop(self):
        """End what runs, and leave nothing behind."""
        with self._changed:
            self._queue = []
            self._stopping = True
            for process in list(self._processes):
                process.terminate()
            self._changed.wait_for(lambda: not self._now, timeout=10)
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def _begin_next(self):
        if self._queue:
            file, page = self._queue.pop(0)
            self._now[file] = page
            threading.Thread(target=self._run, args=(file, page), daemon=True).start()

    def _run(self, file, page):
        try:
            outputs, problem, seconds, core = self._in_a_fork(page)
            if outputs is not None:
                self.keep(file, outputs)
        except Exception as error:  # of the machinery: it must not leave the build waiting
            outputs, problem, seconds, core = None, f"{page.uri}: {error!r}", 0.0, 0.0
        with self._changed:
            del self._now[file]
            self._done += 1
            self._unseen = True
            if problem:
                self.failures[file] = problem
            if core > BUDGET:
                self.slow[page.uri] = core
            self._begin_next()
            if not self._stopping:
                self._tell(page, f"failed after {seconds:.1f} s" if problem else f"{seconds:.1f} s")
            self._changed.notify_all()

    def _tell(self, page, how):
        total = self._done + len(self._now) + len(self._queue)
        running = ", ".join(sorted(page.uri for page in self._now.values()))
        log.info(f"pages: {self._done} of {total}, {page.uri} {how}{running and '; running ' + running}")

    def _in_a_fork(self, page):
        receiver, sender = context.Pipe(duplex=False)
        with tempfile.TemporaryDirectory(dir=self._folder.name, ignore_cleanup_errors=True) as own:
            process = context.Process(target=_answer, args=(page, own, sender))
            with self._starting:
                self._start(process)
                self._processes.add(process)
            sender.close()
            try:
                return receiver.recv()
            except EOFError:
                return None, f"{page.uri}: its process ended before the page did", 0.0, 0.0
            finally:
                process.join()
                self._processes.discard(process)
                receiver.close()

    def _start(self, process):
        start = time.perf_counter()
        os.environ.update(QUIET)
        process.start()  # returns once the server has imported all this and forked
        if not self._imported:
            log.info(f"pages: TensorFlow imported, {time.perf_counter() - start:.1f} s")
            self._imported = True


def _answer(page, own, sender):
    """Run `page` with `own` as its temporary folder: TensorFlow leaves files there that nobody removes."""
    os.environ["TMPDIR"] = tempfile.tempdir = own
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who runs the pages ends them
    start, core, outputs, problem = time.perf_counter(), time.process_time(), None, None
    try:
        outputs = execute.run(page)[1]
    except pages.PageError as error:
        problem = str(error)
    sender.send((outputs, problem, time.perf_counter() - start, time.process_time() - core))
