"""scikit-learn's search interface over sweeps; importing this loads scikit-learn."""

from backsweep_client.search.networks import NetworkClassifier, NetworkRegressor
from backsweep_client.search.sweep_search import SweepSearchCV

__all__ = ["NetworkClassifier", "NetworkRegressor", "SweepSearchCV"]
