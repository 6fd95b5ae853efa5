/*
 * The benchmark model as one would write it in C for this model alone: a state is 64 bits, the seen set is one table of
 * states with open addressing, lines of it are fetched ahead, the frontier is two arrays. Breadth first; the steps are
 * those of bench/models/pinwake.ts.
 *
 *     gcc -O3 -march=native -DPAGES=2 -DUSERS=3 -DLOOPS=3 -o pinwake pinwake.c && ./pinwake 25
 *
 * The argument is log2 of the slots of the table. It does not grow.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#ifndef FIX
#define FIX 1
#endif

typedef uint64_t State;

enum { U0, U1, U2, U3, U4, U5, U6, U7, U8, U8B, U8C, U9, U_DONE };
enum { T0, T1, T2A, T2B, T2C, T2D, T3, T4, T_DONE };

/* Widths, then places, of the fields of a state. */
enum {
	PC = 4,
	REF = 4,
	PAGE = PAGES > 2 ? 2 : 1,
	PTE = PAGES > 2 ? 3 : 2, /* page + 1 */
	READERS = USERS > 3 ? 3 : 2,
	N = LOOPS > 7 ? 4 : LOOPS > 3 ? 3 : LOOPS > 1 ? 2 : 1,
	USER = PC + PAGE + PTE + 1 + N,
};
enum {
	AT_ALLOC = PAGES * REF,
	AT_WAITQ = AT_ALLOC + PAGES,
	AT_READERS = AT_WAITQ + PAGES,
	AT_WRITER = AT_READERS + READERS,
	AT_USERS = AT_WRITER + 1,
	AT_TRUNCATER = AT_USERS + USERS * USER,
	AT_J = AT_TRUNCATER + PC,
	BITS = AT_J + PAGE,
};
/* Inside a user. */
enum { AT_PAGE = PC, AT_PTE = AT_PAGE + PAGE, AT_LAST = AT_PTE + PTE, AT_N = AT_LAST + 1 };
_Static_assert(BITS <= 64, "a state fits into 64 bits");
_Static_assert(PAGES <= 4 && USERS <= 7 && LOOPS <= 15, "the widths are for these sizes");

static inline State get(State s, unsigned at, unsigned width)
{
	return s >> at & ((1ull << width) - 1);
}

static inline State put(State s, unsigned at, unsigned width, State value)
{
	return (s & ~(((1ull << width) - 1) << at)) | value << at;
}

static inline State ref(State s, unsigned page) { return get(s, page * REF, REF); }
static inline State add(State s, unsigned at) { return s + (1ull << at); }
static inline State sub(State s, unsigned at) { return s - (1ull << at); }
static inline State clear(State s, unsigned at, unsigned width) { return put(s, at, width, 0); }
static inline State wake(State s, unsigned page) { return clear(s, AT_WAITQ + page, 1); }

/* A page that becomes idle wakes the truncater. */
static inline State put_and_wake(State s, unsigned page)
{
	s = sub(s, page * REF);
	return ref(s, page) == 1 ? wake(s, page) : s;
}

static void violated(const char *what)
{
	printf("violated: %s\n", what);
	exit(1);
}

/* Writes the states that follow by a step of one user; returns how many. */
static inline unsigned user_steps(State s, unsigned at, State *out)
{
	unsigned page = get(s, at + AT_PAGE, PAGE);
	State pte = get(s, at + AT_PTE, PTE);
#define TO(state, pc) (out[0] = put(state, at, PC, pc), 1)

	switch (get(s, at, PC)) {
	case U0:
		for (unsigned choice = 0; choice < PAGES; choice++)
			out[choice] = put(put(s, at + AT_PAGE, PAGE, choice), at, PC, U1);
		return PAGES;
	case U1:
		return get(s, AT_WRITER, 1) ? 0 : TO(add(s, AT_READERS), U2);
	case U2:
		if (get(s, AT_ALLOC + page, 1))
			s = add(put(s, at + AT_PTE, PTE, page + 1), page * REF);
		return TO(s, U3);
	case U3:
		return TO(sub(s, AT_READERS), pte ? U4 : U9);
	case U4:
		return TO(s, pte ? U5 : U9);
	case U5:
		return ref(s, page) ? TO(add(s, page * REF), U6) : TO(s, U9);
	case U6:
		return pte ? TO(s, U7) : TO(put_and_wake(s, page), U9);
	case U7:
		if (!get(s, AT_ALLOC + page, 1))
			violated("a pinned page is allocated");
		return TO(s, U8);
	case U8:
		s = sub(s, page * REF);
		return TO(put(s, at + AT_LAST, 1, ref(s, page) == 1), U8B);
	case U8B:
		if (FIX && get(s, at + AT_LAST, 1))
			s = wake(s, page);
		return TO(clear(s, at + AT_LAST, 1), U8C);
	case U8C:
		return pte ? TO(put_and_wake(clear(s, at + AT_PTE, PTE), page), U9) : TO(s, U9);
	case U9:
		s = clear(add(s, at + AT_N), at + AT_PAGE, PAGE);
		return TO(s, get(s, at + AT_N, N) < LOOPS ? U0 : U_DONE);
	default:
		return 0;
	}
}

static inline State zap(State s, unsigned page)
{
	for (unsigned at = AT_USERS; at < AT_TRUNCATER; at += USER)
		if (get(s, at + AT_PTE, PTE) == page + 1)
			s = sub(clear(s, at + AT_PTE, PTE), page * REF);
	return s;
}

/* On to the next page in the same loop, or behind the loop. */
static inline State next_page(State s, unsigned page, State loop, State behind)
{
	bool last = page == PAGES - 1;
	return put(put(s, AT_J, PAGE, last ? 0 : page + 1), AT_TRUNCATER, PC, last ? behind : loop);
}

static inline unsigned truncater_steps(State s, State *out)
{
	unsigned at = AT_TRUNCATER;
	unsigned page = get(s, AT_J, PAGE);

	switch (get(s, at, PC)) {
	case T0:
		return get(s, AT_READERS, READERS) || get(s, AT_WRITER, 1) ? 0 : TO(add(s, AT_WRITER), T1);
	case T1:
		out[0] = next_page(zap(s, page), page, T1, T2A);
		return 1;
	case T2A:
		if (ref(s, page) > 1)
			return TO(put(s, AT_WAITQ + page, 1, 1), T2B);
		out[0] = next_page(wake(s, page), page, T2A, T3);
		return 1;
	case T2B:
		if (ref(s, page) > 1)
			return TO(s, T2C);
		out[0] = next_page(wake(s, page), page, T2A, T3);
		return 1;
	case T2C:
		return TO(clear(s, AT_WRITER, 1), T2D);
	case T2D:
		return get(s, AT_WAITQ + page, 1) ? 0 : TO(clear(s, AT_J, PAGE), T0);
	case T3:
		if (ref(s, page) < 1)
			violated("the freed page has its own reference");
		out[0] = next_page(clear(s, AT_ALLOC + page, 1), page, T3, T4);
		return 1;
	case T4:
		return TO(clear(s, AT_WRITER, 1), T_DONE);
	default:
		return 0;
	}
}

static unsigned steps(State s, State *out)
{
	unsigned count = 0;
#pragma GCC unroll 8
	for (unsigned at = AT_USERS; at < AT_TRUNCATER; at += USER)
		count += user_steps(s, at, out + count);
	return count + truncater_steps(s, out + count);
}

static bool is_end(State s)
{
	for (unsigned at = AT_USERS; at < AT_TRUNCATER; at += USER)
		if (get(s, at, PC) != U_DONE)
			return false;
	return get(s, AT_TRUNCATER, PC) == T_DONE;
}

/* The seen set. No state is 0: a page always has a reference. */
static State *table;
static unsigned shift;
static uint64_t mask;

/* States met lately, by the lower bits of their hash: most successors are known for a moment only. */
enum { RECENT = 1 << 12, STEPS_MAX = USERS * PAGES + 1, BATCH = 256 };
static State recent[RECENT];

static State batch[BATCH + STEPS_MAX];
static uint64_t slots[BATCH + STEPS_MAX];
static unsigned batched;

struct level {
	State *states;
	size_t count, room;
};
static struct level now, next;

static void reserve(struct level *level, size_t more)
{
	if (level->count + more <= level->room)
		return;
	level->room = level->room * 2 + more;
	level->states = realloc(level->states, level->room * sizeof(State));
	if (!level->states)
		exit(2);
}

static inline void look_up_later(State s)
{
	uint64_t hash = s * 0x9e3779b97f4a7c15;
	State *known = &recent[hash >> 20 & (RECENT - 1)];

	if (*known == s)
		return;
	*known = s;
	slots[batched] = hash >> shift;
	__builtin_prefetch(&table[slots[batched]], 1);
	batch[batched++] = s;
}

/* Returns how many of the batch were new. */
static size_t look_up(void)
{
	reserve(&next, batched);
	size_t before = next.count;
	for (unsigned i = 0; i < batched; i++) {
		uint64_t slot = slots[i];
		while (table[slot] && table[slot] != batch[i])
			slot = (slot + 1) & mask;
		if (table[slot])
			continue;
		table[slot] = batch[i];
		next.states[next.count++] = batch[i];
	}
	batched = 0;
	return next.count - before;
}

int main(int argc, char **argv)
{
	unsigned bits = argc > 1 ? atoi(argv[1]) : 25;
	struct timespec begin, end;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	table = mmap(NULL, sizeof(State) << bits, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		return 2;
	shift = 64 - bits;
	mask = (1ull << bits) - 1;

	State first = 0;
	for (unsigned page = 0; page < PAGES; page++)
		first = add(add(first, page * REF), AT_ALLOC + page);
	look_up_later(first);
	size_t states = look_up(), transitions = 0, depth = 0;

	while (next.count > 0) {
		struct level empty = now;
		now = next;
		next = empty;
		next.count = 0;
		for (size_t i = 0; i < now.count; i++) {
			State out[STEPS_MAX];
			unsigned count = steps(now.states[i], out);
			if (count == 0 && !is_end(now.states[i]))
				violated("somebody can go on");
			transitions += count;
			for (unsigned k = 0; k < count; k++)
				look_up_later(out[k]);
			if (batched >= BATCH)
				states += look_up();
		}
		states += look_up();
		depth += next.count > 0;
		if (states > mask / 10 * 7) {
			fprintf(stderr, "the table is too small: give more than %u\n", bits);
			return 2;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	double seconds = (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("states %zu transitions %zu depth %zu seconds %.6f\n", states, transitions, depth, seconds);
	return 0;
}
