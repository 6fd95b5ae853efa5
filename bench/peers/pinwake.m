-- The benchmark model in Murphi, written by hand: every rule is one step. The definition is bench/models/pinwake.ts.
-- PAGES, USERS and LOOPS are replaced by numbers before Rumur sees this.

const
  P: PAGES;
  K: USERS;
  N: LOOPS;

type
  Page: 0 .. P - 1;
  User: 0 .. K - 1;

var
  ref: array [Page] of 0 .. 15;
  alloc: array [Page] of boolean;
  waitq: array [Page] of boolean;
  readers: 0 .. K;
  writer: boolean;

  at: array [User] of enum { choose, lock, fault, unlock, walk, take, recheck, use, release, tell, unmap, next, done };
  page: array [User] of Page;
  pte: array [User] of 0 .. P; -- page + 1
  last: array [User] of boolean;
  n: array [User] of 0 .. N;

  truncater: enum { t_lock, t_zap, t_scan, t_again, t_unlock, t_sleep, t_free, t_finish, t_done };
  j: Page;

startstate begin
  for p: Page do ref[p] := 1; alloc[p] := true; waitq[p] := false; end;
  for k: User do at[k] := choose; page[k] := 0; pte[k] := 0; last[k] := false; n[k] := 0; end;
  readers := 0;
  writer := false;
  truncater := t_lock;
  j := 0;
end;

-- A page that becomes idle wakes the truncater.
procedure put_and_wake(p: Page);
begin
  ref[p] := ref[p] - 1;
  if ref[p] = 1 then waitq[p] := false; end;
end;

procedure zap(p: Page);
begin
  for k: User do
    if pte[k] = p + 1 then pte[k] := 0; ref[p] := ref[p] - 1; end;
  end;
end;

-- On to the next page with the same loop; false behind the last one.
function next_page(): boolean;
begin
  if j = P - 1 then j := 0; return false; end;
  j := j + 1;
  return true;
end;

ruleset k: User; p: Page do
  rule "choose" at[k] = choose ==> begin page[k] := p; at[k] := lock; end;
end;

ruleset k: User do
  rule "lock" at[k] = lock & !writer ==> begin readers := readers + 1; at[k] := fault; end;

  rule "fault" at[k] = fault ==> begin
    if alloc[page[k]] then pte[k] := page[k] + 1; ref[page[k]] := ref[page[k]] + 1; end;
    at[k] := unlock;
  end;

  rule "unlock" at[k] = unlock ==> begin
    readers := readers - 1;
    if pte[k] = 0 then at[k] := next; else at[k] := walk; end;
  end;

  rule "walk" at[k] = walk ==> begin
    if pte[k] = 0 then at[k] := next; else at[k] := take; end;
  end;

  rule "take" at[k] = take ==> begin
    if ref[page[k]] = 0 then at[k] := next; else ref[page[k]] := ref[page[k]] + 1; at[k] := recheck; end;
  end;

  rule "recheck" at[k] = recheck ==> begin
    if pte[k] = 0 then put_and_wake(page[k]); at[k] := next; else at[k] := use; end;
  end;

  rule "use" at[k] = use ==> begin assert alloc[page[k]] "a pinned page is allocated"; at[k] := release; end;

  rule "release" at[k] = release ==> begin
    ref[page[k]] := ref[page[k]] - 1;
    last[k] := ref[page[k]] = 1;
    at[k] := tell;
  end;

  rule "tell" at[k] = tell ==> begin
    if last[k] then waitq[page[k]] := false; end;
    last[k] := false;
    at[k] := unmap;
  end;

  rule "unmap" at[k] = unmap ==> begin
    if pte[k] != 0 then pte[k] := 0; put_and_wake(page[k]); end;
    at[k] := next;
  end;

  rule "next" at[k] = next ==> begin
    n[k] := n[k] + 1;
    page[k] := 0;
    if n[k] < N then at[k] := choose; else at[k] := done; end;
  end;
end;

rule "lock" truncater = t_lock & readers = 0 & !writer ==> begin writer := true; truncater := t_zap; end;

rule "zap" truncater = t_zap ==> begin
  zap(j);
  if !next_page() then truncater := t_scan; end;
end;

rule "scan" truncater = t_scan ==> begin
  waitq[j] := ref[j] > 1;
  if waitq[j] then truncater := t_again; elsif !next_page() then truncater := t_free; end;
end;

rule "again" truncater = t_again ==> begin
  if ref[j] > 1 then
    truncater := t_unlock;
  else
    waitq[j] := false;
    if next_page() then truncater := t_scan; else truncater := t_free; end;
  end;
end;

rule "unlock" truncater = t_unlock ==> begin writer := false; truncater := t_sleep; end;

rule "sleep" truncater = t_sleep & !waitq[j] ==> begin j := 0; truncater := t_lock; end;

rule "free" truncater = t_free ==> begin
  alloc[j] := false;
  assert ref[j] >= 1 "the freed page has its own reference";
  if !next_page() then truncater := t_finish; end;
end;

rule "finish" truncater = t_finish ==> begin writer := false; truncater := t_done; end;

-- The end is no deadlock: it has a transition to itself.
rule "end" truncater = t_done & (forall k: User do at[k] = done end) ==> begin end;
