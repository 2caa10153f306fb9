// How containers speak: what, where, both numbers, what to do. Names out of files are text to show, and nothing else.
import { type ErrorCode, FewbitsError } from '../errors.ts';

/** Control, format (direction, zero width), separator and private characters, and halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;
const SHOWN = 80;

const escapeCharacter = (character: string) => {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};

/** The same text without anything that moves the cursor or turns the writing around. */
export const visible = (text: string): string => text.replace(INVISIBLE, escapeCharacter);

/** A name to be shown: cut to 80 characters, and visible. */
export function shown(name: string): string {
  // One more than is shown, counted in UTF-16: of a megabyte, no more than that is looked at.
  const characters = [...name.slice(0, 2 * (SHOWN + 1))];
  const text = visible(characters.slice(0, SHOWN).join(''));
  return characters.length > SHOWN ? `${text}…` : text;
}

/** A number with commas: 9,000. */
export const digits = (value: number | bigint): string => value.toLocaleString('en');

/** Something wrong in a file, at a byte of it where there is one. */
export function fault(code: ErrorCode, file: string, byteOffset: number | undefined, what: string): FewbitsError {
  const where = byteOffset === undefined ? {} : { byteOffset };
  return new FewbitsError(code, `${shown(file)}: ${what}`, { file, ...where });
}

export function tooLarge(
  file: string,
  byteOffset: number | undefined,
  limit: string,
  most: number,
  value: number | bigint,
): FewbitsError {
  const what = `${digits(value)} is beyond the limit of ${digits(most)} (${limit}).`;
  return fault('TOO_LARGE', file, byteOffset, what);
}

/** Something that ends beyond the end of the file. */
export function truncated(file: string, what: string, end: number | bigint, size: number): FewbitsError {
  const message = `${what} ends at byte ${digits(end)} but the file has ${digits(size)}. Incomplete: download it again.`;
  return fault('TRUNCATED', file, size, message);
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** Bytes as text; anything but UTF-8 is refused. */
export function utf8(bytes: Uint8Array, file: string, byteOffset: number, what: string): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw fault('BAD_UTF8', file, byteOffset, `${what} at byte ${digits(byteOffset)} is not UTF-8.`);
  }
}

/** Bytes as text to show; what is not UTF-8 becomes U+FFFD. */
export const utf8Lenient = (bytes: Uint8Array): string => lenient.decode(bytes);
