// Waiting: pauses that can be cut short, and a backoff with jitter, so that many pages never come back at the same moment.

/** A pause that `wake` ends early. One waiter at a time. */
export class Pause {
  #end = null;
  #woken = false;

  wait(millis) {
    if (this.#woken) {
      this.#woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end?.(), millis);
      this.#end = () => {
        clearTimeout(timer);
        this.#end = null;
        resolve();
      };
    });
  }

  /** Ends the running pause, or the next one before it begins. */
  wake() {
    if (this.#end) this.#end();
    else this.#woken = true;
  }
}

/** Doubles from `first` to `most` milliseconds; each wait is somewhere in the upper half of the step. */
export class Backoff {
  #step = 0;

  constructor(first = 500, most = 8000) {
    this.first = first;
    this.most = most;
  }

  next() {
    const step = Math.min(this.most, this.first * 2 ** this.#step);
    this.#step = Math.min(this.#step + 1, 30);
    return step / 2 + (Math.random() * step) / 2;
  }

  reset() {
    this.#step = 0;
  }
}
