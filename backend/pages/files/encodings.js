// Bytes as text: base64url as the API writes them, base45 (RFC 9285) as codes do.

/** The alphabet of base45, which is the alphanumeric one of QR. */
export const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Two bytes become three characters, a last single one two. */
export function base45(bytes) {
  let text = "";
  for (let start = 0; start < bytes.length; start += 2) {
    const single = start + 1 === bytes.length;
    const value = single ? bytes[start] : bytes[start] * 256 + bytes[start + 1];
    text += BASE45[value % 45] + BASE45[Math.trunc(value / 45) % 45];
    if (!single) text += BASE45[Math.trunc(value / 2025)];
  }
  return text;
}

/** Without padding. */
export const toBase64Url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

export const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
