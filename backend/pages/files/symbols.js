// Symbols that scanners read, QR and bars, as the path of an SVG.

/** `rows`: arrays of booleans, dark is true. One rectangle for each run of dark modules. */
export function pathOf(rows) {
  let path = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x += 1;
      const width = x + 1 - start;
      path += `M${start} ${y}h${width}v1h-${width}z`;
    }
  });
  return path;
}
