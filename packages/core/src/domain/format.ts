/**
 * Format of an issue's record: the hash in Redis, with the fields and states that runs write. It increases when an older version of tac8
 * would misread the records of this one. A runner processes no job whose record has a newer format.
 */
export const RECORD_FORMAT = 2;

/**
 * Format of all data of tac8 in Redis and in its data folder. It increases when an older version of tac8 must not use the data at all:
 * such a version refuses to start with it.
 */
export const DATA_FORMAT = 1;

/** Return the reason to defer a job whose record has a newer format than `known`; null: it has not. See domain/placement.ts. Pure. */
export function newerRecord(format: number, known = RECORD_FORMAT): string | null {
  return format > known ? `format:${format}` : null;
}

/** Return the format of the record in such a reason; null: it is another reason. Pure. */
export function formatOfReason(reason: string): number | null {
  const [, format] = /^format:(\d{1,6})$/.exec(reason) ?? [];
  return format === undefined ? null : Number(format);
}

/** Return why data of a format cannot be used; null: it can. `found`: the stored format; null: none is stored. Pure. */
export function newerData(found: string | null, known = DATA_FORMAT): string | null {
  const format = Number(found?.trim() ?? 0);
  if (!Number.isInteger(format) || format <= known) return null;
  return `has data of a newer tac8 (format ${format}; this version supports ${known}): upgrade tac8 on this machine`;
}
