/** Ids of the faults from the field (`docs/field-reports.md`) that are not fixed yet. Each entry's tests must fail. */
export const OPEN_FIELD_CASES: readonly string[] = [];
