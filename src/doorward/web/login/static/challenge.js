// Works on the challenge of a form while somebody types: a number that gives a hash (SHA-256) with so many
// leading zero bits. A form that is sent before there is one waits for it.

const field = document.querySelector('input[name="captcha"][data-bits]');
const form = field.form;
const status = field.parentElement.querySelector('[role="status"]');
field.parentElement.querySelector(".without-scripts").remove(); // for browsers that do not know @media (scripting)
let solved = false;
let held = null;

form.addEventListener("submit", (event) => {
  if (solved || event.defaultPrevented) return;
  event.preventDefault();
  status.textContent = status.dataset.working;
  held = { submitter: event.submitter };
});

const fraction = (number) => Math.floor((number - Math.floor(number)) * 2 ** 32);
const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
const ROUNDS = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const schedule = new Int32Array(64); // made anew for every block
const turned = (word, by) => (word >>> by) | (word << (32 - by));

/** The state after one block of 64 bytes. */
function compressed(state, bytes) {
  const block = new DataView(bytes.buffer, bytes.byteOffset, 64);
  for (let i = 0; i < 16; i++) schedule[i] = block.getInt32(i * 4);
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15];
    const y = schedule[i - 2];
    const first = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
    const second = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
    schedule[i] = (schedule[i - 16] + first + schedule[i - 7] + second) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const chosen = (e & f) ^ (~e & g);
    const upper = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + chosen + ROUNDS[i] + schedule[i]) | 0;
    const lower = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + upper) | 0; d = c; c = b; b = a; a = (upper + lower) | 0;
  }
  return Int32Array.of(
    state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e, state[5] + f, state[6] + g, state[7] + h,
  );
}

const ascii = new TextEncoder();
const start = ascii.encode(`${field.value}.`);
const middle = compressed(START, start.subarray(0, 64)); // the same for every number: a challenge is longer than a block
const last = new Uint8Array(64);
last.set(start.subarray(64));

function hashOf(counter) {
  const end = start.length - 64 + ascii.encodeInto(counter, last.subarray(start.length - 64)).written;
  last.fill(0, end);
  last[end] = 0x80;
  new DataView(last.buffer).setUint32(60, (64 + end) * 8);
  return compressed(middle, last)[0];
}

const LIMIT = 2 ** (32 - Number(field.dataset.bits));
for (let counter = 0; !solved; counter++) {
  if (hashOf(String(counter)) >>> 0 < LIMIT) {
    field.value += `.${counter}`;
    solved = true;
  } else if (counter % 5000 === 4999) {
    await new Promise((resolve) => setTimeout(resolve)); // typing goes first
  }
}
status.textContent = "";
if (held) form.requestSubmit(held.submitter);
