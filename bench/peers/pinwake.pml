/*
 * The benchmark model in Promela, written by hand: every option of a location is one step. The definition is
 * bench/models/pinwake.ts.
 *
 *     spin -o1 -o2 -o3 -DPAGES=2 -DUSERS=3 -DLOOPS=3 -a pinwake.pml && gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c && ./pan
 *
 * The processes stop at a valid end and do not terminate, so that Spin has no states in which they disappear.
 */
#ifndef FIX
#define FIX 1
#endif

byte ref[PAGES] = 1;
bool alloc[PAGES] = true;
bool waitq[PAGES];
byte readers;
bool writer;
byte pte[USERS]; /* page + 1 */

/* Used inside a step only. */
hidden byte u;

/* A page that becomes idle wakes the truncater. */
#define put_and_wake(page) ref[page]--; if :: ref[page] == 1 -> waitq[page] = false :: else fi

inline zap_page(page)
{
  u = 0;
  do
  :: u == USERS -> break
  :: u < USERS ->
    if
    :: pte[u] == page + 1 -> pte[u] = 0; ref[page]--
    :: else
    fi;
    u++
  od;
  u = 0
}

active [USERS] proctype user()
{
  byte page, n;
  bool last;

choose:
  if
  :: d_step { PAGES > 0 -> page = 0 }; goto lock
  :: d_step { PAGES > 1 -> page = 1 }; goto lock
  :: d_step { PAGES > 2 -> page = 2 }; goto lock
  :: d_step { PAGES > 3 -> page = 3 }; goto lock
  fi;
lock:
  if :: d_step { !writer -> readers++ }; goto fault fi;
fault:
  if
  :: d_step { alloc[page] -> pte[_pid] = page + 1; ref[page]++ }; goto unlock
  :: !alloc[page] -> goto unlock
  fi;
unlock:
  if
  :: d_step { pte[_pid] == 0 -> readers-- }; goto next
  :: d_step { pte[_pid] != 0 -> readers-- }; goto walk
  fi;
walk:
  if
  :: pte[_pid] == 0 -> goto next
  :: pte[_pid] != 0 -> goto take
  fi;
take:
  if
  :: ref[page] == 0 -> goto next
  :: d_step { ref[page] != 0 -> ref[page]++ }; goto recheck
  fi;
recheck:
  if
  :: d_step { pte[_pid] == 0 -> put_and_wake(page) }; goto next
  :: pte[_pid] != 0 -> goto use
  fi;
use:
  if :: d_step { assert(alloc[page]) }; goto put fi;
put:
  if :: d_step { ref[page]--; last = (ref[page] == 1) }; goto tell fi;
tell:
  if :: d_step { if :: FIX && last -> waitq[page] = false :: else fi; last = false }; goto unmap fi;
unmap:
  if
  :: d_step { pte[_pid] != 0 -> pte[_pid] = 0; put_and_wake(page) }; goto next
  :: pte[_pid] == 0 -> goto next
  fi;
next:
  if
  :: d_step { n < LOOPS - 1 -> n++; page = 0 }; goto choose
  :: d_step { n == LOOPS - 1 -> n++; page = 0 }; goto end_done
  fi;
end_done:
  false
}

active proctype truncater()
{
  byte j;

lock:
  if :: d_step { readers == 0 && !writer -> writer = true }; goto zap fi;
zap:
  if
  :: d_step { j < PAGES - 1 -> zap_page(j); j++ }; goto zap
  :: d_step { j == PAGES - 1 -> zap_page(j); j = 0 }; goto scan
  fi;
scan:
  if
  :: d_step { ref[j] > 1 -> waitq[j] = true }; goto again
  :: d_step { ref[j] <= 1 && j < PAGES - 1 -> waitq[j] = false; j++ }; goto scan
  :: d_step { ref[j] <= 1 && j == PAGES - 1 -> waitq[j] = false; j = 0 }; goto free
  fi;
again:
  if
  :: ref[j] > 1 -> goto unlock
  :: d_step { ref[j] <= 1 && j < PAGES - 1 -> waitq[j] = false; j++ }; goto scan
  :: d_step { ref[j] <= 1 && j == PAGES - 1 -> waitq[j] = false; j = 0 }; goto free
  fi;
unlock:
  if :: d_step { writer = false }; goto sleep fi;
sleep:
  if :: d_step { !waitq[j] -> j = 0 }; goto lock fi;
free:
  if
  :: d_step { j < PAGES - 1 -> alloc[j] = false; assert(ref[j] >= 1); j++ }; goto free
  :: d_step { j == PAGES - 1 -> alloc[j] = false; assert(ref[j] >= 1); j = 0 }; goto finish
  fi;
finish:
  if :: d_step { writer = false }; goto end_done fi;
end_done:
  false
}
