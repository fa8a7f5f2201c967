"""What bridge costs, measured: one file a measurement, each printing ratios within one run.

    python -m benchmarks                 # all of them, in a few minutes
    python -m benchmarks start_up memory # some of them
    BENCH_SIZE=full python -m benchmarks # as docs/performance.md shows them; takes hours

The database mode needs a MariaDB server: BENCH_MARIADB says where, the default is a local one.
"""
