"""Documents in processes of their own: the limits, what fails, and that it never stops the others."""

import multiprocessing
import os
import tempfile
from dataclasses import replace
from functools import partial
from time import monotonic

import making
import pytest
from invoices import invoice
from pdf_checks import problems_of

from billing_engine.documents.batch import make_documents
from billing_engine.documents.rendering import render_invoice
from billing_engine.documents.worker import Job, Limits, Made

LIMITS = Limits()


def job(number, make=None):
    """Make a job that returns its number unless it is told what to do."""
    return Job(number, make or partial(making.a_file, number))


def made(jobs, workers=2, limits=LIMITS):
    """Do jobs; returns results by number, each of which must be there once."""
    results = list(make_documents(jobs, workers, limits))
    assert len({one.number for one in results}) == len(results)
    return {one.number: one for one in results}


def good(*numbers):
    """Expect files."""
    return {number: Made(number, number.encode()) for number in numbers}


def test_invoices_are_rendered_in_processes():
    """What comes out of a worker is what this process renders, to the byte."""
    jobs = [job(str(n), partial(render_invoice, invoice(str(n)))) for n in range(3)]
    results = made(jobs)
    for number, result in results.items():
        assert result == Made(number, render_invoice(invoice(number)))
    assert problems_of(results["0"].content) == []


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (partial(making.refuse, "no such currency"), "no such currency"),
        (making.stumble, "KeyError: 'nothing'"),
        (making.die, "the process that rendered it died, with exit code -9"),
        (making.hog, "it needs more memory than a document may have"),
        (making.Deadly(), "the process that rendered it died, with exit code 1"),
    ],
)
def test_one_that_fails_stops_no_other(trouble, said):
    """Each of the others is done, whatever became of one; and that one says what."""
    jobs = [job("A"), job("B"), job("BAD", trouble), job("C"), job("D")]
    results = made(jobs)
    assert results.pop("BAD") == Made("BAD", error=said)
    assert results == good("A", "B", "C", "D")


def test_one_that_hangs_is_ended():
    """After its time the process is killed; those beside it and behind it are done meanwhile."""
    started = monotonic()
    results = made([job("HANGS", making.hang), job("A"), job("B")], limits=replace(LIMITS, seconds=4))
    assert results.pop("HANGS").error == "it was not done within 4 seconds"
    assert results == good("A", "B")
    assert monotonic() - started < 30


@pytest.mark.parametrize("how", [making.die, making.stumble, making.hog])
def test_failure_is_tried_once_more_alone(tmp_path, how):
    """What went wrong by bad luck goes right the second time, in a new process, after all others."""
    jobs = [job("UNLUCKY", partial(making.fail_once, str(tmp_path), how)), *(job(str(n)) for n in range(4))]
    results = list(make_documents(jobs, 2))
    assert [one.number for one in results][-1] == "UNLUCKY"
    assert results[-1] == Made("UNLUCKY", b"second time")
    assert len(results) == 5


def test_processes_are_replaced_after_so_many_jobs():
    """A process does as many jobs as it may, and then another one does."""
    results = made([job(str(n), making.who) for n in range(6)], workers=1, limits=replace(LIMITS, jobs=2))
    processes = [one.content for one in results.values()]
    assert len(set(processes)) == 3
    assert str(os.getpid()).encode() not in processes


def test_jobs_are_read_no_faster_than_they_are_done():
    """A run of any length holds a handful of documents at a time."""
    taken = []

    def jobs():
        for number in range(30):
            taken.append(number)
            yield job(str(number))

    results = make_documents(jobs(), 2)
    next(results)
    assert len(taken) < 6
    results.close()


def test_processes_leave_nothing_behind(tmp_path, monkeypatch):
    """What processes keep for themselves is gone at the end, also of those that were killed; so are they."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    jobs = [job("A", partial(render_invoice, invoice())), job("DIES", making.die), job("HANGS", making.hang)]
    assert len(made(jobs, limits=replace(LIMITS, seconds=3))) == 3
    results = make_documents([job("A"), job("B"), job("HANGS", making.hang)], 2)
    next(results)
    assert list(tmp_path.iterdir())
    results.close()
    assert list(tmp_path.iterdir()) == []
    assert multiprocessing.active_children() == []


def test_nothing_to_do_starts_nothing():
    """No jobs, no results."""
    assert made([]) == {}


def test_there_must_be_a_worker():
    """No workers is a mistake, not an empty result."""
    with pytest.raises(ValueError, match="at least one worker"):
        make_documents([job("A")], 0)
