// The last minutes of a value, in a fixed number of places.

const PLACES = 72;
/** Seconds that one place stands for: all places are six minutes. */
const STEP = 5;

/** A ring of numbers, one for each step of time; the same size for ever. */
export class Course {
  private values: Float32Array | null = null;
  private newest = -Infinity;

  /** Takes a value; the last one of a step stays. */
  push(time: number, value: number): void {
    const step = Math.floor(time / STEP);
    if (!Number.isFinite(step) || step <= this.newest - PLACES) return;
    this.values ??= new Float32Array(PLACES).fill(NaN);
    const firstEmpty = Math.max(this.newest + 1, step - PLACES + 1);
    for (let empty = firstEmpty; empty < step; empty++) this.values[place(empty)] = NaN;
    this.values[place(step)] = value;
    this.newest = Math.max(this.newest, step);
  }

  clear(): void {
    this.values = null;
    this.newest = -Infinity;
  }

  /** Whether there is anything to draw. */
  get isEmpty(): boolean {
    return this.values === null;
  }

  /**
   * Returns the path of the last minutes until now in a box; what was not measured is a gap.
   *
   * `bridge` is how many seconds may lie between neighbours that a line joins.
   */
  path(width: number, height: number, now: number, bridge: number): string {
    if (!this.values) return "";
    const right = Math.max(this.newest, Math.floor(now / STEP));
    const [low, high] = this.limits(right);
    const places = Math.max(1, Math.ceil(bridge / STEP));
    let path = "";
    let before = -Infinity;
    for (let step = right - PLACES + 1; step <= this.newest; step++) {
      const value = this.values[place(step)] ?? NaN;
      if (Number.isNaN(value)) continue;
      const x = (1 - (right - step) / (PLACES - 1)) * width;
      const y = high > low ? height - ((value - low) / (high - low)) * height : height / 2;
      const start = step - before > places;
      path += `${start ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}${start ? "h0" : ""}`;
      before = step;
    }
    return path;
  }

  private limits(right: number): [number, number] {
    let low = Infinity;
    let high = -Infinity;
    for (let step = Math.max(right - PLACES + 1, this.newest - PLACES + 1); step <= this.newest; step++) {
      const value = this.values?.[place(step)] ?? NaN;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, high];
  }
}

function place(step: number): number {
  return ((step % PLACES) + PLACES) % PLACES;
}
