"""Where tasks run: on this machine, or on a Dask cluster.  Both are ``concurrent.futures`` executors to the driver."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from scanner.batch import isolate
from scanner.batch.isolate import Ended, Limits
from scanner.batch.work import Done, Failed, Job, work
from scanner.errors import PackError
from scanner.model import Text

PRELOAD = "scanner.batch.preload"


def execute(job: Job, limits: Limits) -> Done | Failed | Ended:
    """Run one job in a process of its own; the same function on this machine and on a cluster's workers."""
    import multiprocessing  # noqa: PLC0415 - with the workers

    multiprocessing.set_forkserver_preload([PRELOAD])
    # A browser reserves far more address space than it uses, so a site's memory is watched, not reserved.
    return isolate.run(work, job, limits=limits, address_space=job.target.kind == "package")


@contextmanager
def local(jobs: int) -> Iterator[Executor]:
    """Give an executor for ``jobs`` tasks at once; its threads only supervise, the work is done in processes."""
    executor = ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="guijian")
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def cluster(address: str) -> Iterator[tuple[Executor, int]]:
    """Give an executor on the Dask cluster at ``address``, and its number of threads.

    Raises :class:`~scanner.errors.PackError` when Dask is not installed or the scheduler cannot be reached.
    """
    try:
        import distributed  # noqa: PLC0415 - only for clusters
    except ImportError as error:
        raise PackError(
            "cluster-missing",
            Text(
                zh="没有安装集群组件。请运行 pip install 'guijian[cluster]'",
                en="the cluster extra is not installed; run pip install 'guijian[cluster]'",
            ),
        ) from error
    with ExitStack() as stack:
        connect: Any = distributed.Client
        try:
            client = stack.enter_context(connect(address, timeout="15s", set_as_default=False))
        except (OSError, TimeoutError, ValueError) as error:
            raise PackError(
                "cluster-unreachable",
                Text(
                    zh=f"连接不上集群 {address}：{error}。请确认 dask scheduler 已启动且地址可达",
                    en=f"cannot reach the cluster {address}: {error}; check that the dask scheduler runs there",
                ),
            ) from error
        threads = sum(worker["nthreads"] for worker in client.scheduler_info()["workers"].values())
        yield client.get_executor(pure=False, retries=0), max(1, threads)
