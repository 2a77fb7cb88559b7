/** The process marker, a variable of every process of a run: its value is the run's id. */
export const RUN_MARKER = "TAC8_RUN";
