/// <reference types="vite/client" />

declare module '*.tex' {
  const formulas: Record<string, import('./kit/formula.tsx').MathRow>;
  export default formulas;
}
