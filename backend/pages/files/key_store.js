// What this browser keeps of a person beyond a visit: keys that nothing can read, and what belongs to them.

export const DEVICES = "devices";
export const PASSES = "passes";

const NAME = "xinyi";
const VERSION = 2;

/** One of the two kinds of things, by name. Keys stay objects of the browser: their secrets are not in any of it. */
export class KeyStore {
  #kind;

  constructor(kind) {
    this.#kind = kind;
  }

  /** What is kept under a name, or undefined. */
  get(name) {
    return this.#ask("readonly", (store) => store.get(name));
  }

  /** Everything of this kind. */
  all() {
    return this.#ask("readonly", (store) => store.getAll());
  }

  /** Keeps a thing under a name, in place of what was there. */
  put(name, thing) {
    return this.#ask("readwrite", (store) => store.put(thing, name));
  }

  /** Forgets it. */
  remove(name) {
    return this.#ask("readwrite", (store) => store.delete(name));
  }

  async #ask(mode, question) {
    const database = await opened();
    return answered(question(database.transaction(this.#kind, mode).objectStore(this.#kind))).finally(() => database.close());
  }
}

function opened() {
  const opening = indexedDB.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    for (const kind of [DEVICES, PASSES]) {
      if (!opening.result.objectStoreNames.contains(kind)) opening.result.createObjectStore(kind);
    }
  };
  return answered(opening);
}

function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
