"""The turns of a module: each comparison, sign and condition in its functions, turned once."""

import ast
import gc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType

_COMPARISONS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_SIGNS: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_ENDS = {"min": "max", "max": "min"}


@dataclass(frozen=True)
class Turn:
    """A turn: its line, the lines of its statement, what becomes of what, and the module's code with it."""

    line: int
    lines: range
    before: str
    after: str
    code: CodeType


def turns(source: str, path: str) -> Iterator[Turn]:
    """Yield every turn of a module."""
    tree = ast.parse(source)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        for statement in function.body:
            yield from _turns_in(statement, statement, tree, path)


def _turns_in(node: ast.AST, statement: ast.stmt, tree: ast.Module, path: str) -> Iterator[Turn]:
    for part, name, turned in _replacements(node):
        before, as_it_is = ast.unparse(node), getattr(part, name)
        setattr(part, name, turned)
        code = compile(ast.fix_missing_locations(tree), path, "exec")
        after = ast.unparse(node)
        setattr(part, name, as_it_is)
        assert isinstance(node, ast.expr | ast.stmt)
        lines = range(statement.lineno, (node.end_lineno or node.lineno) + 1)
        yield Turn(node.lineno, lines, before, after, code)
    for name, child in ast.iter_fields(node):
        for inner in child if isinstance(child, list) else [child]:
            if isinstance(inner, ast.AST) and name != "annotation" and not isinstance(inner, ast.FunctionDef):
                yield from _turns_in(inner, inner if isinstance(inner, ast.stmt) else statement, tree, path)


def _replacements(node: ast.AST) -> Iterator[tuple[ast.AST, str, object]]:
    """Yield the turns of one node: what of it becomes what."""
    match node:
        case ast.Compare():
            yield from ((node, "ops", turned) for turned in _compared(node.ops))
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in _SIGNS:
            yield node, "op", _SIGNS[type(operator)]()
        case ast.BoolOp():
            yield node, "op", ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield from ((node, "values", turned) for turned in _denied(node.values))
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node, "operand", ast.UnaryOp(node.op, node.operand)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) if _is_plain(test):
            yield node, "test", _not(test)
        case ast.Call(func=ast.Name(id="min" | "max" as name)):
            yield node.func, "id", _ENDS[name]


def _compared(operators: list[ast.cmpop]) -> Iterator[list[ast.cmpop]]:
    for place, operator in enumerate(operators):
        for other in _COMPARISONS[type(operator)]:
            yield [*operators[:place], other(), *operators[place + 1 :]]


def _denied(conditions: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for place, condition in enumerate(conditions):
        if _is_plain(condition):
            yield [*conditions[:place], _not(condition), *conditions[place + 1 :]]


def _not(condition: ast.expr) -> ast.expr:
    return ast.UnaryOp(ast.Not(), condition)


def _is_plain(condition: ast.expr) -> bool:
    """Whether a condition is turned as a whole: no part of it is turned to the same effect."""
    return not isinstance(condition, ast.Compare | ast.BoolOp | ast.UnaryOp)


def take(turn: Turn) -> None:
    """Put the turn into the functions of the module, which has been imported."""
    codes = dict(_codes(turn.code))
    for function in gc.get_objects():
        if isinstance(function, FunctionType) and function.__code__.co_filename == turn.code.co_filename:
            code = function.__code__
            function.__code__ = codes.get((code.co_qualname, code.co_firstlineno), code)


def _codes(code: CodeType) -> Iterator[tuple[tuple[str, int], CodeType]]:
    """Yield the code of every function, by its name and line."""
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield (part.co_qualname, part.co_firstlineno), part
            yield from _codes(part)
