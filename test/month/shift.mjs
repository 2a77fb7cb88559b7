// Loaded before a program of tac8 (`--import`): its clock is ahead by TAC8_MONTH_SHIFT_MS. Timers are not.
const shift = Number(process.env.TAC8_MONTH_SHIFT_MS ?? 0);
const Real = Date;
globalThis.Date = class Date extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + shift);
    else super(...args);
  }
  static now() {
    return Real.now() + shift;
  }
};
