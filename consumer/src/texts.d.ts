/** These files are bundled as text. */
declare module '*.sql' {
  const text: string;
  export default text;
}
declare module '*.html' {
  const text: string;
  export default text;
}
declare module '*.svg' {
  const text: string;
  export default text;
}

/** What a browser runs, bundled by itself, as text. */
declare module '*?bundle' {
  const text: string;
  export default text;
}
