#!/bin/sh
# What the keeper of a test starts as its server: the test binary itself, which passes the connection on to the test.
ABIDE_TEST_ARGS="$*" exec "$ABIDE_TEST_SELF" --exact keeper::stands_in_for_the_server --nocapture
