# SPDX-License-Identifier: GPL-2.0-or-later
# A function that calls itself.


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def main():
    for _ in range(25):
        fib(18)


main()
