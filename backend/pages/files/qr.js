// QR symbols (ISO/IEC 18004) of the codes that a phone shows, drawn on the phone: it needs no signal for its picture.
// Error correction M, alphanumeric, in the two versions of docs/protocol.md: 3 for IC1, 10 for IC3.

import { BASE45 } from "./encodings.js";
import { pathOf } from "./symbols.js";

const VERSIONS = [
  { version: 3, characters: 61, codewords: 70, blocks: 1, correction: 26, countBits: 9, centres: [6, 22] },
  { version: 10, characters: 311, codewords: 346, blocks: 5, correction: 26, countBits: 11, centres: [6, 28, 50] },
];
const ALPHANUMERIC = 0b0010;
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.trunc(y / 2) + Math.trunc(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The dark modules of the symbol of a code's text, without quiet zone, as the path of an SVG. */
export function qr(text) {
  const form = VERSIONS.find(({ characters }) => text.length <= characters);
  if (!form || [...text].some((character) => !BASE45.includes(character))) throw new Error("not the text of a code");
  const size = 17 + 4 * form.version;
  const fixed = patterns(form, size);
  const placed = place(fixed, interleaved(form, dataOf(form, text)), size);
  const candidates = MASKS.map((mask, number) => masked(fixed, placed, mask, number, size));
  const best = candidates.reduce((one, other) => (penalty(other) < penalty(one) ? other : one));
  return { width: size, height: size, path: pathOf(best) };
}

// --- from text to codewords

function dataOf({ codewords, blocks, correction, countBits }, text) {
  const bits = [];
  const push = (value, width) => {
    for (let bit = width - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  push(ALPHANUMERIC, 4);
  push(text.length, countBits);
  for (let at = 0; at + 1 < text.length; at += 2) push(BASE45.indexOf(text[at]) * 45 + BASE45.indexOf(text[at + 1]), 11);
  if (text.length % 2) push(BASE45.indexOf(text.at(-1)), 6);
  const room = codewords - blocks * correction;
  push(0, Math.min(4, room * 8 - bits.length));
  push(0, (8 - (bits.length % 8)) % 8);
  const bytes = [];
  for (let at = 0; at < bits.length; at += 8) bytes.push(bits.slice(at, at + 8).reduce((byte, bit) => byte * 2 + bit, 0));
  for (let pad = 0; bytes.length < room; pad += 1) bytes.push(pad % 2 ? 0x11 : 0xec);
  return bytes;
}

// The last blocks have one codeword of data more; all are sent column by column.
function interleaved({ codewords, blocks, correction }, data) {
  const short = Math.trunc(codewords / blocks) - correction;
  const firstLong = blocks - (codewords % blocks);
  const parts = [];
  let start = 0;
  for (let number = 0; number < blocks; number += 1) {
    const end = start + short + (number >= firstLong ? 1 : 0);
    parts.push(data.slice(start, end));
    start = end;
  }
  const corrections = parts.map((part) => correctionOf(part, correction));
  const columns = (rows) => {
    const longest = Math.max(...rows.map((row) => row.length));
    return Array.from({ length: longest }, (_, at) => rows.filter((row) => at < row.length).map((row) => row[at])).flat();
  };
  return [...columns(parts), ...columns(corrections)];
}

// Reed-Solomon over GF(256) with x^8 + x^4 + x^3 + x^2 + 1: the remainder by the generator of this degree.
function correctionOf(data, degree) {
  const generator = generatorOf(degree);
  const rest = new Array(degree).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    generator.forEach((coefficient, at) => { rest[at] ^= times(coefficient, factor); });
  }
  return rest;
}

function generatorOf(degree) {
  let found = new Array(degree - 1).fill(0).concat(1);
  let root = 1;
  for (let step = 0; step < degree; step += 1) {
    found = found.map((coefficient, at) => times(coefficient, root) ^ (found[at + 1] ?? 0));
    root = times(root, 2);
  }
  return found;
}

function times(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) product = (product << 1) ^ ((product >> 7) * 0x11d) ^ (((other >> bit) & 1) * one);
  return product;
}

// --- from codewords to modules; undefined is where data goes

function patterns({ version, centres }, size) {
  const rows = Array.from({ length: size }, () => new Array(size).fill(undefined));
  const square = (cx, cy, radius, dark) => {
    for (let y = cy - radius; y <= cy + radius; y += 1) {
      for (let x = cx - radius; x <= cx + radius; x += 1) {
        if (rows[y] && x >= 0 && x < size) rows[y][x] = dark(Math.max(Math.abs(x - cx), Math.abs(y - cy)));
      }
    }
  };
  for (let at = 0; at < size; at += 1) rows[6][at] = rows[at][6] = at % 2 === 0;
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) square(x, y, 4, (ring) => ring !== 2 && ring !== 4);
  const last = centres.at(-1);
  for (const x of centres) {
    for (const y of centres) {
      const corner = (x === 6 && y === 6) || (x === 6 && y === last) || (x === last && y === 6);
      if (!corner) square(x, y, 2, (ring) => ring !== 1);
    }
  }
  writeFormat(rows, 0, size);
  if (version >= 7) writeVersion(rows, version, size);
  return rows;
}

function writeFormat(rows, mask, size) {
  // Level M is 00, so the mask is all there is to say.
  let rest = mask << 10;
  for (let bit = 14; bit >= 10; bit -= 1) if ((rest >> bit) & 1) rest ^= 0x537 << (bit - 10);
  const word = ((mask << 10) | rest) ^ 0x5412;
  const bit = (at) => ((word >> at) & 1) === 1;
  for (let at = 0; at < 6; at += 1) rows[at][8] = bit(at);
  [rows[7][8], rows[8][8], rows[8][7]] = [bit(6), bit(7), bit(8)];
  for (let at = 9; at < 15; at += 1) rows[8][14 - at] = bit(at);
  for (let at = 0; at < 8; at += 1) rows[8][size - 1 - at] = bit(at);
  for (let at = 8; at < 15; at += 1) rows[size - 15 + at][8] = bit(at);
  rows[size - 8][8] = true;
}

function writeVersion(rows, version, size) {
  let rest = version << 12;
  for (let bit = 17; bit >= 12; bit -= 1) if ((rest >> bit) & 1) rest ^= 0x1f25 << (bit - 12);
  const word = (version << 12) | rest;
  for (let at = 0; at < 18; at += 1) {
    const [far, near] = [size - 11 + (at % 3), Math.trunc(at / 3)];
    rows[near][far] = rows[far][near] = ((word >> at) & 1) === 1;
  }
}

// In columns of two from the right, upwards and downwards in turn, around the timing pattern.
function place(fixed, codewords, size) {
  const rows = fixed.map((row) => [...row]);
  let at = 0;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    const upwards = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const y = upwards ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (fixed[y][x] !== undefined) continue;
        rows[y][x] = (((codewords[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
        at += 1;
      }
    }
  }
  return rows;
}

function masked(fixed, placed, mask, number, size) {
  const rows = placed.map((row, y) => row.map((dark, x) => (fixed[y][x] === undefined ? dark !== mask(x, y) : dark)));
  writeFormat(rows, number, size);
  return rows;
}

// How badly a symbol scans: long runs, blocks of one shade, what looks like a finder, and too much of one shade.
function penalty(rows) {
  const size = rows.length;
  const lines = [...rows, ...rows.map((_, x) => rows.map((row) => row[x]))].map((line) => line.map(Number).join(""));
  let found = 0;
  for (const line of lines) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) found += run.length - 2;
    for (let x = 0; x + 11 <= size; x += 1) {
      if (["10111010000", "00001011101"].includes(line.slice(x, x + 11))) found += 40;
    }
  }
  for (let y = 0; y + 1 < size; y += 1) {
    for (let x = 0; x + 1 < size; x += 1) {
      const dark = rows[y][x];
      if (dark === rows[y][x + 1] && dark === rows[y + 1][x] && dark === rows[y + 1][x + 1]) found += 3;
    }
  }
  const share = rows.flat().filter(Boolean).length / (size * size);
  return found + 10 * Math.floor(Math.abs(share * 100 - 50) / 5);
}
