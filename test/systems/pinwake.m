-- pinwake (bench/models/pinwake.ts) for Rumur, written by hand: its users are a scalarset.
const
  P: @P@; K: @K@; LOOPS: @LOOPS@; FIX: @FIX@; STRICT: @STRICT@;
type
  page: 0..P-1;
  user: @USERTYPE@;
  upc: enum { u0, u1, u2, u3, u4, u5, u6, u7, u8, u8b, u8c, u9, udone };
  tpc: enum { t0, t1, t2a, t2b, t2c, t2d, t3, t4, tdone };
var
  ref: array[page] of 0..15;
  alloc: array[page] of boolean;
  waitq: array[page] of boolean;
  readers: 0..K;
  writer: boolean;
  pc: array[user] of upc;
  pg: array[user] of page;
  last: array[user] of boolean;
  n: array[user] of 0..LOOPS;
  pte: array[user] of 0..P;
  tp: tpc;
  j: page;

procedure nextpage(here: tpc; after: tpc);
begin
  if j = P - 1 then j := 0; tp := after; else j := j + 1; tp := here; end;
end;

startstate begin
  for i: page do ref[i] := 1; alloc[i] := true; waitq[i] := false; end;
  readers := 0; writer := false;
  for k: user do pc[k] := u0; pg[k] := 0; last[k] := false; n[k] := 0; pte[k] := 0; end;
  tp := t0; j := 0;
end;

ruleset k: user do
  ruleset c: page do
    rule "u0" pc[k] = u0 ==> begin pg[k] := c; pc[k] := u1; end;
  end;
  rule "u1" pc[k] = u1 & !writer ==> begin readers := readers + 1; pc[k] := u2; end;
  rule "u2" pc[k] = u2 ==> begin
    if alloc[pg[k]] then pte[k] := pg[k] + 1; ref[pg[k]] := ref[pg[k]] + 1; end;
    pc[k] := u3; end;
  rule "u3" pc[k] = u3 ==> begin
    readers := readers - 1;
    if pte[k] = 0 then pc[k] := u9; else pc[k] := u4; end; end;
  rule "u4" pc[k] = u4 ==> begin
    if pte[k] = 0 then pc[k] := u9; else pc[k] := u5; end; end;
  rule "u5" pc[k] = u5 ==> begin
    if ref[pg[k]] = 0 then pc[k] := u9;
    else ref[pg[k]] := ref[pg[k]] + 1; pc[k] := u6; end; end;
  rule "u6" pc[k] = u6 ==> begin
    if pte[k] = 0 then
      ref[pg[k]] := ref[pg[k]] - 1;
      if ref[pg[k]] = 1 then waitq[pg[k]] := false; end;
      pc[k] := u9;
    else pc[k] := u7; end; end;
  rule "u7" pc[k] = u7 ==> begin assert alloc[pg[k]] "DMA to freed block"; pc[k] := u8; end;
  rule "u8" pc[k] = u8 ==> begin
    ref[pg[k]] := ref[pg[k]] - 1; last[k] := ref[pg[k]] = 1; pc[k] := u8b; end;
  rule "u8b" pc[k] = u8b ==> begin
    if last[k] & FIX = 1 then waitq[pg[k]] := false; end;
    last[k] := false; pc[k] := u8c; end;
  rule "u8c" pc[k] = u8c ==> begin
    if pte[k] != 0 then
      pte[k] := 0; ref[pg[k]] := ref[pg[k]] - 1;
      if ref[pg[k]] = 1 then waitq[pg[k]] := false; end;
    end;
    pc[k] := u9; end;
  rule "u9" pc[k] = u9 ==> begin
    n[k] := n[k] + 1; pg[k] := 0;
    if n[k] < LOOPS then pc[k] := u0; else pc[k] := udone; end; end;
end;

rule "t0" tp = t0 & readers = 0 & !writer ==> begin writer := true; j := 0; tp := t1; end;
rule "t1" tp = t1 ==> begin
  for k: user do
    if pte[k] = j + 1 then pte[k] := 0; ref[j] := ref[j] - 1; end;
  end;
  nextpage(t1, t2a); end;
rule "t2a" tp = t2a ==> begin
  if ref[j] > 1 then waitq[j] := true; tp := t2b;
  else waitq[j] := false; nextpage(t2a, t3); end; end;
rule "t2b" tp = t2b ==> begin
  if ref[j] > 1 then tp := t2c;
  else waitq[j] := false; nextpage(t2a, t3); end; end;
rule "t2c" tp = t2c ==> begin writer := false; tp := t2d; end;
rule "t2d" tp = t2d & !waitq[j] ==> begin j := 0; tp := t0; end;
rule "t3" tp = t3 ==> begin
  alloc[j] := false;
  assert (STRICT = 1 & ref[j] = 1) | (STRICT = 0 & ref[j] >= 1) "A3";
  nextpage(t3, t4); end;
rule "t4" tp = t4 ==> begin writer := false; tp := tdone; end;
-- legal terminal state: a self-loop keeps the deadlock check off it (one extra rule firing)
rule "finished" tp = tdone & forall k: user do pc[k] = udone end ==> begin end;
