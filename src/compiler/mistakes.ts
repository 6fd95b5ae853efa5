/** Every mistake that the compiler knows, by its code: what is wrong, and what to write instead. A code never changes its meaning. */
export const MISTAKES = {
  LR001: [
    'this statement is not part of the dialect',
    'use let, const, if, for, while, do, switch, return, break, continue, calls and assignments',
  ],
  LR002: [
    'this expression is not part of the dialect',
    'use locals, fields, arithmetic, comparisons, calls and arrow functions given to a word of the dialect',
  ],
  LR003: ['a call that calls itself, directly or through others, cannot be inlined', 'use a loop'],
  LR004: ['exceptions are not part of the dialect', 'return an error number, as the kernel does'],
  LR005: ['`var` is not part of the dialect', 'use let or const'],
  LR006: ['instances come from fixed pools, not from `new`', 'use at(Struct, index) or all(Struct)'],
  LR007: [
    'only structs, words of the dialect and functions with a known body can be called',
    'call an exported function, or pass the arrow function where it is used',
  ],
  LR008: ['a readonly field is set once, before the tasks start', 'set it with init() in setup, or drop readonly'],
  LR009: ['init() belongs to setup', 'assign the field, or move the init() to setup'],
  LR010: [
    'a readonly field needs a value that is known when the model is compiled',
    'drop readonly, or give a constant',
  ],
  LR011: [
    'kernel code must not depend on a ghost, nor on several fields read at once',
    'use them in properties, expect() and ghosts only; read fields in a loop, or in an indivisible step',
  ],
  LR012: [
    'this variable belongs to the function around the arrow and would be written from inside',
    'let the arrow return the value: const x = when(...)',
  ],
  LR013: ['the range of this local cannot be bounded', 'declare a width: let n: u4 = 0'],
  LR014: [
    'a loop without a step never lets another task run',
    'bound it by a constant, or block with when() until what it waits for changes',
  ],
  LR015: [
    'a width must be a number that is known when the model is compiled, from 1 to 31',
    'write uint(4), or uint(bound("name"))',
  ],
  LR016: [
    'a struct field must be made by a field word',
    'use bool(), uint(), oneOf(), ref(), address(), atomic(), embedded(), array(), ghost() or guardedBy()',
  ],
  LR017: ['this struct has no such field', 'declare it in the struct, or use one that is there'],
  LR018: ['variables of a module are shared by every CPU and are no struct', 'make it a field of a struct, or const'],
  LR019: [
    'the condition of when(), a property and sleeping_for() must be pure',
    'read fields and compare; do writes in the action',
  ],
  LR020: ['when() inside an indivisible step would block half-way', 'put the condition into the outer when()'],
  LR021: [
    'the number of alternatives of choose() must be known when the model is compiled',
    'write choose(2), or choose(bound("name"))',
  ],
  LR022: [
    'this function returns different kinds of values',
    'return one kind: a number, a boolean, or references to one struct',
  ],
  LR023: [
    'a case must end with break, continue or return',
    'add break, or group the labels without statements between them',
  ],
  LR024: ['this bound is not declared', 'name it in bounds: { ... } of the scenario'],
  LR025: ['the property does not hold in the initial state', 'fix setup(), or state it as finally'],
  LR026: [
    'strings, objects and functions cannot be stored in the state',
    'use a number, a boolean or a reference to a struct',
  ],
  LR027: [
    'an embedded struct cannot be pointed to by a reference',
    'make it a pool of its own, or pass it as an argument',
  ],
  LR028: [
    'there is no such scenario',
    '`lastref list` prints those that exist; in a file of your own write: export default scenario({ id, tasks: { ... } })',
  ],
  LR029: ['a scenario needs this', 'see docs/dialect.md for an example that can be typed in'],
  LR030: [
    'there is no function of this name in the kernel that it changes',
    'check the spelling; `lastref source NAME --kernel V` prints what a release runs',
  ],
  LR031: [
    'the number of instances or elements must be known when the model is compiled',
    'use a constant or bound("name")',
  ],
  LR032: ['setup() must run to its end by itself', 'remove what waits for another task'],
  LR033: ['at() has a number that is not in the pool', 'use an index from 0 to the pool size - 1'],
  LR034: ['this place needs a constant', 'write a number, or a const that is one'],
  LR035: ['a function with this name exists twice', 'rename one: changes replace functions by name'],
  LR036: ['labels are not part of the dialect', 'put the loops into a function of their own and return from it'],
  LR037: [
    'generators, async functions and promises are not part of the dialect',
    'write a plain function; blocking is when()',
  ],
  LR049: ['choose() inside an indivisible step', 'choose before it: const n = choose(2)'],
  LR050: ['a struct has fields only', 'write a function that takes the struct'],
  LR051: ['destructuring, spread and rest parameters are not part of the dialect', 'name the values one by one'],
  LR052: ['this operator converts its operands before it compares them', 'use === or !=='],
  LR053: ['this operator hides a branch, and with it a step', 'write if (x !== null) ...'],
  LR054: ['a division makes fractions', 'use Math.trunc(a / b), or a shift'],
  LR055: ['numbers are whole and have 32 bits', 'use a whole number from -2147483647 to 2147483647'],
  LR056: [
    "JavaScript's own objects and functions are not part of the dialect",
    'use arithmetic and functions of your own',
  ],
  LR057: ['`current` is nobody here: no task runs', 'name the task: at(Task, 0)'],
  LR058: ['functions inside functions are arrow functions', 'write const f = (x: number): number => ...'],
  LR059: ['the initial value does not fit into the field', 'give one within its range'],
  LR060: ['the constants of this field lie too far apart', 'number them from 0'],
  LR061: ['a struct with this name exists already', 'rename one of the two'],
  LR062: ['a scenario has 1 to 16 tasks, by name', 'write tasks: { name: () => { ... } }'],
  LR063: ['init() gives a readonly field its one value', 'set it once, outside all branches, or drop readonly'],
  LR064: ['setup() breaks a rule', 'fix setup(): the tasks must start from a good state'],
  LR065: ['there is no such file', 'check the path'],
  LR066: [
    'a loop in an indivisible step needs a number of rounds that is known when the model is compiled',
    'write for (let i = 0; i < 4; i++), or for (const x of all(X))',
  ],
  LR039: ['there is no such kernel or patch', '`lastref list --kernels` prints them'],
  LR042: [
    'the scenario runs none of the functions that are changed',
    'check the names under after and undo, or ask another scenario',
  ],
  LR043: [
    'the function has other parameters, or returns something else',
    'take over parameters and result of what is replaced',
  ],
  LR044: ['this cannot be left out', 'see docs/adding-a-bug.md for examples that can be typed in'],
  LR045: [
    'the change changes nothing: with it and without it the same steps are done in the same order',
    'look at what the kernel runs: lastref source NAME --kernel V',
  ],
  LR040: ['this arithmetic may leave 32 bits', 'declare smaller widths, or keep the operands small with & or %'],
  LR038: ['too many iterations to unroll', 'bound the loop by a smaller constant'],
  LR041: [
    'src/history has no such commit to undo',
    'name one of the list in src/history/releases.ts, or write the functions under after',
  ],
  LR047: [
    'nothing says what is to be known of the states of this scenario',
    "write: export const life = projection({ subject: 'it', states: { name: named('...', () => ...) }, observed: [], told_by: [] })",
  ],
  LR048: ['the projection has no term of this name', 'name one of its states, wrong or values'],
} as const satisfies Record<string, readonly [string, string]>

export type MistakeCode = keyof typeof MISTAKES
