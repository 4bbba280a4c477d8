// Numbers and sizes as text.

export const number = new Intl.NumberFormat("en");
export const plural = (count: number, noun: string, nouns = `${noun}s`) => `${number.format(count)} ${count === 1 ? noun : nouns}`;

export function byteText(bytes: number) {
  const units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  return `${(bytes / 1000 ** power).toLocaleString("en", { maximumSignificantDigits: 3 })} ${units[power]}`;
}

export const msText = (ms: number) => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`);

export const withoutScheme = (text: string) => text.replace(/^https?:\/\/(.*?)\/?$/, "$1");
