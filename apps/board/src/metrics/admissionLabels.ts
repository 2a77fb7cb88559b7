import type { Admission } from "@tac8/core/domain/admission";

/** Return the state of an admission and the codes of its causes. Their texts contain numbers, so each would be a new time series. Pure. */
export function admissionLabels({ state, causes }: Admission): { readonly state: string; readonly because: string } {
  const codes = causes.filter(({ effect }) => effect === state).map(({ code }) => code);
  return { state, because: codes.join(",") };
}
