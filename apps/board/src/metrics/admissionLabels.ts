import type { Admission } from "@tac8/core/domain/admission";

/** Its state and the codes of its deciding causes; not their texts, whose numbers would each be a time series. Pure. */
export function admissionLabels({ state, causes }: Admission): { readonly state: string; readonly because: string } {
  const codes = causes.filter(({ effect }) => effect === state).map(({ code }) => code);
  return { state, because: codes.join(",") };
}
