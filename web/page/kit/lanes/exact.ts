import { useEffect, useState } from 'preact/hooks';
import type { FigureProps } from '../contract.ts';

/** The view at hand, and the exact one as soon as the model's `exact` gives it. */
export function useExact<Options, View extends { approximate: boolean }>({
  view,
  options,
  ask,
}: FigureProps<Options, View>): View {
  const [exact, setExact] = useState<{ of: View; view: View }>();
  useEffect(() => {
    if (!view.approximate) return;
    let current = true;
    void ask<View>('exact', options).then((answer) => {
      if (current && answer) setExact({ of: view, view: answer });
    });
    return () => {
      current = false;
    };
  }, [view]);
  return exact?.of === view ? exact.view : view;
}
