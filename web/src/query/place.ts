// Where in the SQL a message of the server points: "line 2, column 3: …", both from 1, columns in characters.

export interface Place {
  from: number;  // in UTF-16 units, as the editor counts
  to: number;
  message: string;  // without the place and without the caret below it
}

export function placeOf(message: string, sql: string): Place | null {
  const [whole, line, column] = /^line (\d+), column (\d+): /.exec(message) ?? [];
  if (!whole) return null;
  const lines = sql.split("\n");
  const before = lines.slice(0, Number(line) - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const text = lines[Number(line) - 1] ?? "";
  const inLine = [...text].slice(0, Number(column) - 1).join("").length;
  const word = /^(?:[\p{L}\p{N}_]+|"[^"]*"|'[^']*'|.)/u.exec(text.slice(inLine))?.[0] ?? "";
  const from = Math.min(before + inLine, sql.length);
  // At the end of the text there is nothing to mark but what stands before it.
  return { from: word ? from : Math.max(0, from - 1), to: Math.min(from + word.length, sql.length),
           message: message.slice(whole.length).split("\n\n")[0]! };
}
