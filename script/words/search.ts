import type { Avoided } from "./glossary.ts";

export interface Hit {
  /** From 1; 0: the path of the file. */
  line: number;
  /** As it stands in the file. */
  found: string;
  instead: string;
}

/** A word of a text; `at` and `end` are offsets. */
interface Word {
  text: string;
  at: number;
  end: number;
}

const WORD = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g;

/** What is between two words of one phrase: nothing (`putAside`), a space, a hyphen, or the end of a line of a comment. */
const GAP = /^(?:[-_ ]?|[ \t]*\n[ \t]*(?:\/\/|\*|#|>)?[ \t]*)$/;

/** In an exception, names of other programs and keys in Redis too: "Math.sign". */
const WIDE_GAP = /^(?:[-_ .:/]?|[ \t]*\n[ \t]*(?:\/\/|\*|#|>)?[ \t]*)$/;

/**
 * Search a text for avoided words: whole words, also as parts of identifiers.
 * @param code the same text with its comments and strings blanked, for words that are avoided only as names; null: no code
 */
export function searchWords(text: string, code: string | null, avoided: readonly Avoided[]): Hit[] {
  const prose = avoided.filter(({ nameOnly }) => !nameOnly);
  const names = avoided.filter(({ nameOnly }) => nameOnly);
  const hits = [...searchText(text, prose), ...(code === null ? [] : searchText(code, names))];
  return hits.toSorted((one, other) => one.line - other.line);
}

function searchText(text: string, avoided: readonly Avoided[]): Hit[] {
  const words = [...text.matchAll(WORD)].map(([word], index, all) => ({
    text: word.toLowerCase(),
    at: all[index]?.index ?? 0,
    end: (all[index]?.index ?? 0) + word.length,
  }));
  const byFirst = Map.groupBy(avoided, (one) => one.words[0] ?? "");
  const lineStarts = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const hits: Hit[] = [];
  let line = 1;
  for (const [index, word] of words.entries()) {
    const match = byFirst
      .get(word.text)
      ?.filter(
        (one) =>
          isPhraseAt({ words, index, phrase: one.words, text, gap: GAP }) && !isException(words, index, one, text),
      )
      .toSorted((one, other) => other.words.length - one.words.length)[0];
    if (match === undefined) continue;
    while (line <= lineStarts.length && (lineStarts[line - 1] ?? Infinity) < word.at) line++;
    const last = words[index + match.words.length - 1] ?? word;
    hits.push({
      line,
      found: text.slice(word.at, last.end).replace(/\s*\n\s*(?:\/\/|\*|#|>)?\s*/g, " "),
      instead: match.instead,
    });
  }
  return hits;
}

interface Place {
  words: readonly Word[];
  index: number;
  phrase: readonly string[];
  text: string;
  gap: RegExp;
}

const isPhraseAt = ({ words, index, phrase, text, gap }: Place) =>
  phrase.every((word, offset) => {
    const at = words[index + offset];
    const before = words[index + offset - 1];
    if (at?.text !== word) return false;
    return offset === 0 || (before !== undefined && gap.test(text.slice(before.end, at.at)));
  });

/** An exception may have words before those that are avoided: "right away". */
const isException = (words: readonly Word[], index: number, { words: phrase, exceptions }: Avoided, text: string) =>
  exceptions.some((exception) =>
    exception.some(
      (_, offset) =>
        phrase.every((word, at) => exception[offset + at] === word) &&
        isPhraseAt({ words, index: index - offset, phrase: exception, text, gap: WIDE_GAP }),
    ),
  );
