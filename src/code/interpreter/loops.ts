import { bodiesOf, expressionsOf, forEachPart, type Expression, type Statement } from '../syntax';

/** Whether running the statements again may add layers: only such loops are worth unrolling. */
export function buildsLayers(body: readonly Statement[]): boolean {
  const inExpression = (expression: Expression): boolean => {
    let found = expression.type === 'call' && mayBuild(expression.callee);
    forEachPart(expression, (part) => (found ||= inExpression(part)));
    return found;
  };
  return body.some(
    (statement) => expressionsOf(statement).some(inExpression) || bodiesOf(statement).some(buildsLayers),
  );
}

/** `model.add(…)`, `layers.append(…)`, `Dense(…)(x)`, `layer(x)`, `layer.apply(x)`. */
function mayBuild(callee: Expression): boolean {
  if (callee.type === 'member') return /^(add|append|push|extend|apply|add_module)$/.test(callee.name);
  return callee.type === 'call' || callee.type === 'name' || callee.type === 'subscript';
}
