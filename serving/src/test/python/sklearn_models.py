"""scikit-learn: a logistic regression as a product and a softmax, a random forest as ONNX-ML's TreeEnsembleClassifier."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

OPSETS = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]


def model(nodes, constants):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "sklearn",
        [value("features", TensorProto.FLOAT, ["batch", 4])],
        [value("label", TensorProto.INT64, ["batch"]), value("probabilities", TensorProto.FLOAT, ["batch", 3])],
        constants,
    )
    return helper.make_model(graph, opset_imports=OPSETS, ir_version=10)


def fit(classifier):
    features, labels = load_iris(return_X_y=True)
    features = features.astype(np.float32)
    classifier.fit(features, labels)
    rows = features[::17]
    return classifier, {"features": rows}, {
        "label": classifier.predict(rows).astype(np.int64),
        "probabilities": classifier.predict_proba(rows).astype(np.float32),
    }


def sklearn_logistic():
    classifier, inputs, outputs = fit(LogisticRegression(max_iter=1_000))
    constants = [
        numpy_helper.from_array(classifier.coef_.T.astype(np.float32), "weights"),
        numpy_helper.from_array(classifier.intercept_.astype(np.float32), "bias"),
    ]
    nodes = [
        helper.make_node("Gemm", ["features", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["logits"], ["label"], axis=1, keepdims=0),
    ]
    return model(nodes, constants), inputs, outputs


def sklearn_forest():
    classifier, inputs, outputs = fit(RandomForestClassifier(n_estimators=10, max_depth=4, random_state=5))
    a = {k: [] for k in ["treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids"]}
    c = {k: [] for k in ["treeids", "nodeids", "ids", "weights"]}
    for tree_id, estimator in enumerate(classifier.estimators_):
        tree = estimator.tree_
        for node in range(tree.node_count):
            leaf = tree.children_left[node] < 0
            a["treeids"].append(tree_id)
            a["nodeids"].append(node)
            a["featureids"].append(0 if leaf else int(tree.feature[node]))
            a["values"].append(0.0 if leaf else below(tree.threshold[node]))
            a["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            a["truenodeids"].append(0 if leaf else int(tree.children_left[node]))
            a["falsenodeids"].append(0 if leaf else int(tree.children_right[node]))
            if leaf:
                share = tree.value[node, 0] / tree.value[node, 0].sum() / len(classifier.estimators_)
                for label, weight in enumerate(share):
                    c["treeids"].append(tree_id)
                    c["nodeids"].append(node)
                    c["ids"].append(label)
                    c["weights"].append(float(weight))
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        classlabels_int64s=[0, 1, 2],
        **{f"nodes_{k}": v for k, v in a.items()},
        **{f"class_{k}": v for k, v in c.items()},
    )
    return model([node], []), inputs, outputs


def below(threshold):
    """The largest float32 not above a threshold: for a float32 feature the same comparison."""
    nearest = np.float32(threshold)
    return float(nearest if nearest <= threshold else np.nextafter(nearest, np.float32(-np.inf)))


MODELS = [sklearn_logistic, sklearn_forest]
