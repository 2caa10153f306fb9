// The figures of all sections, each loaded when it is near.
import type { FigureModule } from './contract.ts';

export const figures = import.meta.glob<FigureModule>('../sections/*/figure.tsx');
